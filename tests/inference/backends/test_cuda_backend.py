"""Folds on a GPU: where their weights are, passes that run ahead, the warm-up, and memory that is not enough."""

import pytest
import torch

from hnseg.inference.backends.cuda_backend import CudaBackend, load_on_gpu
from hnseg.inference.backends.device_copies import size_gib
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import GIB
from tests.support.pretended_gpu import PretendedGpu

GPU = torch.device("cuda")


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(folds=(0, 1)))


@pytest.fixture(scope="module")
def on_processor(bundle):
    return TorchBackend.load(bundle)


@pytest.fixture
def tiles():
    return torch.randn((2, 2, 8, 32, 32), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def gpu():
    with PretendedGpu() as pretended:
        yield pretended


def backend_on_gpu(on_processor, **given):
    return CudaBackend(on_processor.networks, GPU, is_single=True, **given)


def test_resident_weights_travel_once_and_the_processor_s_stay_as_they_are(gpu, on_processor, tiles):
    backend, there = backend_on_gpu(on_processor), tiles.to(GPU)
    expected = [on_processor.logits(fold, tiles) for fold in (0, 1)]
    gpu.to_device.clear()
    for _ in range(2):
        for fold in (0, 1):
            assert torch.equal(backend.logits(fold, there).cpu(), expected[fold])
            backend.release(fold)
    assert len(gpu.to_device) == sum(len(list(network.parameters())) for network in on_processor.networks)
    assert {each.device.type for network in on_processor.networks for each in network.parameters()} == {"cpu"}


def test_weights_that_travel_do_so_once_a_turn_and_leave_the_gpu_after_it(gpu, on_processor, tiles):
    backend, there = backend_on_gpu(on_processor, is_resident=False), tiles.to(GPU)
    expected = on_processor.logits(1, tiles)
    before = gpu.memory.allocated
    gpu.to_device.clear()
    for turn in (1, 2):
        for _ in range(3):
            assert torch.equal(backend.logits(1, there).cpu(), expected)
        assert len(gpu.to_device) == turn * len(list(on_processor.networks[1].parameters()))
        backend.release(1)
        assert gpu.memory.allocated == before


def test_in_half_precision_the_logits_are_float32_and_near_the_processor_s(on_processor, tiles):
    with PretendedGpu():
        backend = CudaBackend(on_processor.networks, GPU)
        found = backend.logits(0, tiles.to(GPU)).cpu()
    expected = on_processor.logits(0, tiles)
    assert (backend.arithmetic, found.dtype) == (torch.float16, torch.float32)
    assert 0 < (found - expected).abs().max() < 0.1 * expected.std()


def test_in_single_is_the_processor_s_arithmetic_with_weights_that_travel(on_processor, tiles):
    with PretendedGpu():
        single = CudaBackend(on_processor.networks, GPU).in_single()
        assert torch.equal(single.logits(0, tiles.to(GPU)).cpu(), on_processor.logits(0, tiles))
        assert (single.arithmetic, single.is_resident, single.in_single()) == (torch.float32, False, None)


def test_the_clock_is_read_one_pass_behind_the_queue_and_at_its_end_when_asked(on_processor, tiles):
    with PretendedGpu(pass_s=1.0, depth=30) as gpu:
        backend, there = CudaBackend(on_processor.networks, GPU), tiles[:1].to(GPU)
        for done in range(1, 8):
            backend.logits(0, there)
            assert gpu.clock.now_s == max(0, done - 2)  # launched at once
            backend.wait()
            assert gpu.clock.now_s == done - 1
        backend.finish()
        assert gpu.clock.now_s == 7


def test_the_first_pass_is_over_and_a_pass_is_measured_when_the_folds_are_loaded(bundle, on_processor):
    with PretendedGpu(pass_s=1.0, first_pass_s=8.0) as gpu:
        backend = load_on_gpu(bundle, GPU)
        assert (gpu.passes, gpu.clock.now_s) == (2, 10)
        resident_gib = size_gib(on_processor.networks, torch.float16)
        assert gpu.memory.allocated / GIB == pytest.approx(resident_gib)
        gpu.memory.reset_peak()
        backend.logits(0, torch.zeros((1, 2, 8, 32, 32), device=GPU))
        assert backend.pass_gib == pytest.approx(gpu.memory.peak / GIB - resident_gib)


def test_copies_that_left_the_gpu_count_until_they_are_back(bundle, on_processor):
    with PretendedGpu():
        backend = load_on_gpu(bundle, GPU)
        need_gib = backend.pass_gib
        backend.lighter()
        assert backend.pass_gib - need_gib == pytest.approx(size_gib(on_processor.networks, torch.float16))


def test_weights_travel_first_then_the_processor_computes(gpu, on_processor):
    resident = backend_on_gpu(on_processor)
    resident.logits(0, torch.zeros((1, 2, 8, 32, 32), device=GPU))
    travelling = resident.lighter()
    assert gpu.memory.allocated == 0
    assert (travelling.device, travelling.is_resident, travelling.copies_a_turn) == (GPU, False, 2)
    processor = travelling.lighter()
    assert isinstance(processor, TorchBackend)
    assert processor.networks is on_processor.networks


@pytest.mark.parametrize(
    ("features", "passes", "kind"), [(0.5, 3, "resident"), (128, 3, "travelling"), (0.5, 0.9, "processor")]
)
def test_folds_that_take_over_half_of_what_is_free_travel_from_the_start(make_model, features, passes, kind):
    """See `test_a` """


def test_an_error_of_another_kind_is_none_of_memory(bundle, monkeypatch):
    def fail(*_):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(CudaBackend, "logits", fail)
    with PretendedGpu(), pytest.raises(RuntimeError, match="device-side assert"):
        load_on_gpu(bundle, GPU)
