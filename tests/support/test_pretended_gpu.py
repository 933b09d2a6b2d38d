"""Pretended GPU: the rules of torch for a real one hold."""

import copy
import threading

import pytest
import torch
from torch import nn

from tests.support.pretended_gpu import PretendedGpu

CUDA = torch.device("cuda")


def network():
    return nn.Sequential(nn.Conv3d(1, 2, 3, padding=1), nn.InstanceNorm3d(2, affine=True), nn.LeakyReLU())


@torch.inference_mode()
def launched(module, *, tiles=1):
    """Return the output of one launch, for which the host does not wait."""
    return module(torch.zeros(tiles, 1, 4, 4, 4, device="cuda"))


def test_torch_finds_the_gpu_inside_the_with_only():
    with PretendedGpu(total_bytes=123, name="Tesla T4", capability=(7, 5)):
        assert torch.cuda.is_available()
        assert torch.cuda.get_device_properties(CUDA).total_memory == 123
        assert torch.cuda.get_device_name(device=CUDA) == "Tesla T4"
        assert torch.cuda.get_device_capability() == (7, 5)
        assert "sm_75" in torch.cuda.get_arch_list()
        assert (torch.cuda.device_count(), torch.cuda.current_device()) == (1, 0)
        torch.backends.cudnn.benchmark = True
    assert not torch.cuda.is_available()
    assert not torch.backends.cudnn.benchmark
    assert torch.version.cuda is None


def test_a_network_gives_the_numbers_of_the_processor(gpu):
    module, tile = network(), torch.randn(1, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    expected = module(tile)
    output = module.to(CUDA)(tile.to(CUDA))
    assert output.device == torch.device("cuda", 0)
    assert torch.equal(output.cpu(), expected)
    assert gpu.passes == 1


def test_a_copied_network_is_on_the_gpu_with_memory_of_its_own(gpu):
    module = network().to(CUDA)
    before = gpu.memory.allocated
    copied = copy.deepcopy(module)
    assert {each.device.type for each in copied.parameters()} == {"cuda"}
    assert gpu.memory.allocated == 2 * before
    assert not gpu.to_host


def test_a_copied_network_may_take_weights_that_were_copied_before(gpu):
    module = network()
    memo = {id(each): nn.Parameter(each.to(CUDA), requires_grad=False) for each in module.parameters()}
    launched(copy.deepcopy(module, memo))
    assert len(gpu.to_device) == 4
    assert {each.device.type for each in module.parameters()} == {"cpu"}


@pytest.fixture
def tied():
    """Return a module that has the same layer twice."""
    module = nn.Module()
    module.first = module.again = nn.Linear(2, 2)
    module.forward = lambda tile: module.again(module.first(tile))
    return module


@pytest.mark.usefixtures("gpu")
def test_a_functional_call_runs_on_one_copy_of_each_weight(tied):
    once = {name: each.to(CUDA) for name, each in tied.named_parameters()}
    assert torch.func.functional_call(tied, once, (torch.ones(1, 2, device=CUDA),)).is_cuda


@pytest.mark.usefixtures("gpu")
def test_a_functional_call_refuses_a_copy_for_each_name(tied):
    by_name = {name: each.to(CUDA) for name, each in tied.state_dict(keep_vars=True).items()}
    with pytest.raises(ValueError, match="tied"):
        torch.func.functional_call(tied, by_name, (torch.ones(1, 2, device=CUDA),))


def test_a_launch_takes_no_time_of_the_host_until_it_waits():
    with PretendedGpu(pass_s=2.0) as gpu:
        module = network().to(CUDA)
        output = launched(module, tiles=3)
        assert (gpu.passes, gpu.clock.now_s) == (3, 0)
        output.cpu()
        assert gpu.clock.now_s == 6


@pytest.mark.parametrize(
    "wait", [torch.Tensor.item, torch.Tensor.tolist, bool, float, torch.Tensor.cpu, torch.Tensor.nonzero]
)
def test_the_host_waits_for_numbers_that_it_reads(wait):
    with PretendedGpu(pass_s=2.0) as gpu:
        wait(launched(network().to(CUDA)).sum())
        assert gpu.clock.now_s == 2


def test_a_copy_of_a_tile_to_the_gpu_waits_for_the_passes_before_it():
    with PretendedGpu(pass_s=2.0) as gpu:
        tile = torch.zeros(3)
        launched(network().to(CUDA))
        tile.to(CUDA, non_blocking=True)
        assert gpu.clock.now_s == 0
        tile.to(CUDA)
        assert gpu.clock.now_s == 2


def test_an_event_of_the_last_pass_but_one_leaves_one_pass_ahead():
    with PretendedGpu(pass_s=2.0) as gpu:
        module = network().to(CUDA)
        events = [torch.cuda.Event() for _ in range(4)]
        for event in events:
            launched(module)
            event.record()
        events[-2].synchronize()
        assert gpu.clock.now_s == 6
        assert [event.query() for event in events] == [True, True, True, False]
        torch.cuda.synchronize()
        assert gpu.clock.now_s == 8


def test_the_queue_holds_so_many_passes_and_a_further_one_waits_for_the_oldest():
    with PretendedGpu(pass_s=2.0, depth=3) as gpu:
        module = network().to(CUDA)
        times = []
        for _ in range(5):
            launched(module)
            times.append(gpu.clock.now_s)
        assert times == [0, 0, 0, 2, 4]


def test_the_first_pass_takes_longer():
    with PretendedGpu(pass_s=2.0, first_pass_s=8.0) as gpu:
        module = network().to(CUDA)
        for expected in (10, 12):
            launched(module).cpu()
            assert gpu.clock.now_s == expected


def test_autocast_computes_in_half_precision():
    with PretendedGpu(), torch.autocast("cuda", dtype=torch.float16):
        assert network()[0].to(CUDA)(torch.zeros(1, 1, 4, 4, 4, device=CUDA)).dtype == torch.float16


def test_threads_find_the_gpu_and_leave_the_clock_alone():
    seen = []

    def work(tile):
        seen.extend([tile.device.type, torch.ones(2, device=CUDA).is_cuda, tile.sum().item()])

    with PretendedGpu(pass_s=2.0) as gpu:
        thread = threading.Thread(target=work, args=(launched(network().to(CUDA)),))
        thread.start()
        thread.join()
        assert seen[:2] == ["cuda", True]
        assert gpu.clock.now_s == 0


def use_too_early():
    with PretendedGpu():
        result = torch.ones(3, device=CUDA)
        with torch.cuda.stream(torch.cuda.Stream()):
            result.add(1)


def test_what_is_out_of_order_is_an_error_at_the_end():
    with pytest.raises(AssertionError, match="before the work of another stream"):
        use_too_early()


def test_memory_is_limited_by_a_float_and_on_a_device_with_a_number_as_torch_has_it():
    with PretendedGpu() as gpu:
        with pytest.raises(ValueError, match="with a specified index"):
            torch.cuda.set_per_process_memory_fraction(0.5, CUDA)
        with pytest.raises(TypeError, match="must be `float`"):
            torch.cuda.set_per_process_memory_fraction(1)
        torch.cuda.set_per_process_memory_fraction(0.5, torch.device("cuda", 0))
        assert gpu.memory.fraction == 0.5
