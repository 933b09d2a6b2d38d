"""Folds run by torch: batches, precision, and weights that travel."""

import dataclasses

import pytest
import torch

from hnseg.inference.backends.torch_backend import TorchBackend, free_vram_gib
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import GIB

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(folds=(0, 1)))


@pytest.fixture(scope="module")
def tiles(bundle):
    shape = (2, len(bundle.channels), *bundle.configuration.patch_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_logits_are_those_of_the_fold_s_network(bundle, tiles):
    backend = TorchBackend.load(bundle, CPU)
    assert backend.folds == 2
    for fold in range(2):
        with torch.inference_mode():
            expected = network_of(bundle, fold)(tiles)
        assert torch.equal(backend.logits(fold, tiles), expected)


def test_weights_that_travel_give_the_same_logits_with_two_copies_a_turn(bundle, tiles):
    resident = TorchBackend.load(bundle, CPU)
    streamed = dataclasses.replace(resident, is_resident=False)
    assert torch.equal(streamed.logits(1, tiles), resident.logits(1, tiles))
    assert streamed.copies_a_turn == 2


def test_fast_is_bfloat16_only_where_the_processor_has_it(bundle, tiles, monkeypatch):
    exact, fast = (TorchBackend.load(bundle, CPU, precision) for precision in ("exact", "fast"))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert (exact.arithmetic, fast.arithmetic) == (torch.float32, torch.bfloat16)
    difference = (fast.logits(0, tiles) - exact.logits(0, tiles)).abs().max()
    assert 0 < difference < 0.5
    assert fast.logits(0, tiles).dtype == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert fast.arithmetic == torch.float32


def test_on_a_processor_two_copies_go_together_and_there_is_nothing_lighter(bundle):
    backend = TorchBackend.load(bundle, CPU)
    assert (backend.copies_together, backend.copies_a_turn) == (2, 2)
    assert backend.lighter() is None


def test_off_a_gpu_weights_travel_first_then_the_processor_computes(bundle):
    networks = TorchBackend.load(bundle, CPU).networks
    resident = TorchBackend(networks, torch.device("cuda"))
    travelling = resident.lighter()
    assert (travelling.device.type, travelling.is_resident) == ("cuda", False)
    assert (travelling.copies_together, travelling.copies_a_turn) == (1, 2)
    processor = travelling.lighter()
    assert (processor.device.type, processor.is_resident) == ("cpu", True)
    assert resident.arithmetic == torch.float16


@pytest.mark.parametrize(("most_gib", "free_gib"), [(float("inf"), 6), (4, 3), (10, 6)])
def test_the_memory_that_a_gpu_can_still_give_is_limited_by_both(monkeypatch, most_gib, free_gib):
    pretend_memory(monkeypatch, free=6, reserved=1, allocated=1)
    assert free_vram_gib(torch.device("cuda"), most_gib) == free_gib


@pytest.mark.parametrize(("most_gib", "free_gib"), [(float("inf"), 12), (8, 6)])
def test_what_the_allocator_keeps_of_an_earlier_case_is_free_for_the_next(monkeypatch, most_gib, free_gib):
    pretend_memory(monkeypatch, free=4, reserved=10, allocated=2)
    assert free_vram_gib(torch.device("cuda"), most_gib) == free_gib


def pretend_memory(monkeypatch, free, reserved, allocated):
    """Let torch tell of a GPU of 16 GiB, of which so many GiB are free, reserved by torch, and allocated of these."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (free * GIB, 16 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _device: reserved * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _device: allocated * GIB)


class Failing(torch.nn.Module):
    """Network whose every pass ends with an error of some words."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def forward(self, _batch):
        raise RuntimeError(self.words)


IN_LIBRARIES = [
    "Unable to find a valid cuDNN algorithm to run convolution",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "GET was unable to find an engine to execute this computation",
    "FIND was unable to find an engine to execute this computation",
]


def fails_with(words, device, is_resident):
    """Return the error of a pass; float32, as autocast on a GPU needs one."""
    backend = TorchBackend((Failing(words),), torch.device(device), is_resident=is_resident, is_single=True)
    with pytest.raises((MemoryError, RuntimeError)) as raised:
        backend.logits(0, torch.zeros(1, 1, 2, 2, 2))
    return raised.type


@pytest.mark.parametrize("words", IN_LIBRARIES)
def test_too_little_memory_in_the_words_of_cudnn_or_cublas_is_a_lack_of_memory(words):
    assert fails_with(words, "cuda", is_resident=True) is MemoryError


@pytest.mark.parametrize("words", IN_LIBRARIES)
def test_those_words_are_no_lack_of_memory_off_a_gpu_or_once_weights_travel(words):
    assert fails_with(words, "cpu", is_resident=True) is RuntimeError
    assert fails_with(words, "cuda", is_resident=False) is RuntimeError


def test_another_error_on_a_gpu_is_no_lack_of_memory():
    assert fails_with("CUDA error: device-side assert triggered", "cuda", is_resident=True) is RuntimeError
