"""Placement on a pretended GPU: mixed devices are refused, and copies are copies, and counted."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.support.pretended_placement import Transfer

CUDA = torch.device("cuda")
pytestmark = pytest.mark.usefixtures("gpu")


@pytest.fixture
def ones():
    """Return ones on the GPU."""
    return torch.ones(2, 3, device="cuda")


def test_a_tensor_says_where_it_is(ones):
    assert ones.device == torch.device("cuda:0")
    assert ones.device.type == "cuda"
    assert str(ones.device) == "cuda:0"
    assert ones.is_cuda
    assert not ones.is_cpu
    assert ones.get_device() == 0
    on_cpu = torch.ones(2)
    assert (on_cpu.device, on_cpu.is_cuda, on_cpu.get_device()) == (torch.device("cpu"), False, -1)


@pytest.mark.parametrize(
    "work",
    [
        lambda gpu, cpu: gpu + cpu,
        lambda gpu, cpu: cpu * gpu,
        lambda gpu, cpu: gpu.add_(cpu),
        lambda gpu, cpu: gpu.addcmul_(gpu, cpu),
        lambda gpu, cpu: torch.stack([gpu, cpu]),
        lambda gpu, cpu: torch.cat((gpu, cpu)),
        lambda gpu, cpu: torch.lerp(gpu, cpu, 0.5),
        lambda gpu, cpu: torch.add(gpu, gpu, out=cpu),
        functional.linear,
        lambda gpu, cpu: gpu.sum() + cpu,
        lambda gpu, _: gpu.index_select(0, torch.tensor([0])),
    ],
)
def test_tensors_of_two_devices_are_refused(ones, work):
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        work(ones, torch.ones(2, 3))


def test_numbers_and_tensors_without_axes_go_with_any_device(ones):
    assert (ones + 1 + torch.tensor(1.0)).is_cuda
    assert torch.where(ones > 0, ones, torch.tensor(2.0)).is_cuda
    assert ones[torch.tensor([0, 1])].is_cuda


@pytest.mark.parametrize(
    "work",
    [
        lambda gpu: gpu.flip([0]),
        lambda gpu: torch.stack([gpu, gpu]),
        lambda gpu: torch.lerp(gpu, gpu, 0.5),
        lambda gpu: gpu.new_zeros(2),
        lambda gpu: gpu.new_tensor([1.0]),
        torch.zeros_like,
        lambda gpu: gpu.half(),
        lambda gpu: gpu[None, :, 1:],
        torch.nn.Parameter,
        copy.deepcopy,
        lambda gpu: functional.max_pool2d(gpu[None, None], (2, 1), return_indices=True)[1],
        lambda gpu: functional.pad(gpu, (1, 1)),
        lambda _: torch.empty(2, device=torch.device("cuda", 0)),
        lambda _: torch.tensor([1.0], device="cuda:0"),
        lambda _: torch.as_tensor(np.ones(2), device="cuda"),
        lambda _: torch.arange(3).cuda(),
    ],
)
def test_results_are_where_their_tensors_are_or_were_asked_for(ones, work):
    assert work(ones).is_cuda


def test_a_device_that_is_asked_for_comes_before_that_of_the_tensors(ones):
    assert not torch.zeros_like(ones, device="cpu").is_cuda
    assert torch.zeros_like(torch.ones(2), device="cuda").is_cuda
    with torch.device("cuda"):
        assert torch.ones(2).is_cuda


def test_a_tensor_without_numbers_gets_memory_but_is_not_copied(gpu):
    empty = torch.ones(2).to("meta")
    assert empty.is_meta
    assert torch.empty_like(empty, device="cuda").is_cuda
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        empty.to("cuda")
    assert gpu.memory.allocated == 0


def test_there_is_one_gpu(ones):
    with torch.cuda.device(0):
        assert ones.to("cuda:0") is ones
    for attempt in (lambda: ones.to("cuda:1"), lambda: torch.zeros(2, device="cuda:1")):
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            attempt()


def test_a_tensor_on_the_gpu_has_no_array(ones):
    for attempt in (ones.numpy, lambda: np.asarray(ones)):
        with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
            attempt()
    assert ones.cpu().numpy().sum() == 6


@pytest.mark.parametrize("move", [lambda one: one.to("cuda"), lambda one: one.cuda(), lambda one: one.to(device=CUDA)])
def test_a_copy_to_the_gpu_shares_nothing_and_is_counted(gpu, move):
    source = torch.zeros(2, 3)
    moved = move(source)
    moved += 1
    assert source.sum() == 0
    assert gpu.to_device == [Transfer(24, (2, 3))]
    assert not gpu.to_host


def test_a_copy_to_the_host_shares_nothing_and_is_counted(gpu, ones):
    back = ones.cpu()
    ones += 1
    assert back.sum() == 6
    assert gpu.to_host == [Transfer(24, (2, 3))]


def test_a_tensor_that_is_there_already_is_not_copied(gpu, ones):
    assert ones.to("cuda") is ones
    assert ones.to(ones) is ones
    assert ones.to("cuda", torch.float32, non_blocking=True) is ones
    assert not gpu.to_device
    assert ones.to("cuda", copy=True) is not ones
    assert gpu.memory.allocations == 2


def test_a_type_is_changed_before_the_copy(gpu, ones):
    assert ones.to("cpu", torch.float16).dtype == torch.float16
    assert torch.ones(3).to(ones.half()).dtype == torch.float16
    assert [*gpu.to_host, *gpu.to_device] == [Transfer(12, (2, 3)), Transfer(6, (3,))]


def test_copies_in_place_go_between_devices(gpu, ones):
    on_cpu = torch.full((2, 3), 5.0)
    ones.copy_(on_cpu)
    ones[1] = torch.full((3,), 7.0)
    on_cpu[:, 0] = ones[:, 2]
    ones[torch.tensor([0])] = torch.zeros(1, 3)
    assert ones.cpu().tolist() == [[0, 0, 0], [7, 7, 7]]
    assert on_cpu.tolist() == [[5, 5, 5], [7, 5, 5]]
    assert [one.shape for one in gpu.to_device] == [(2, 3), (3,), (1, 3)]
    assert [one.shape for one in gpu.to_host] == [(2,), (2, 3)]


def test_numbers_that_the_host_reads_are_counted(gpu, ones):
    assert bool(ones.isfinite().all())
    assert ones.sum().item() == 6
    assert [one.nbytes for one in gpu.to_host] == [1, 4]


def test_pinned_memory_is_known(gpu, ones):
    pinned = torch.ones(2).pin_memory()
    assert pinned.is_pinned()
    assert torch.empty(2, pin_memory=True).is_pinned()
    assert not torch.ones(2).is_pinned()
    with pytest.raises(RuntimeError, match="only dense CPU tensors can be pinned"):
        ones.pin_memory()
    assert not gpu.to_host


def test_parameters_take_the_place_of_their_data(ones):
    parameter = torch.nn.Parameter(torch.zeros(2, 3))
    parameter.data = ones
    assert parameter.is_cuda
    assert parameter.data_ptr() == ones.data_ptr()


def test_inference_mode_and_arrays_change_nothing(gpu):
    with torch.inference_mode():
        moved = torch.from_numpy(np.ones(3, np.float32)).to("cuda")
        moved *= 2
    assert moved.is_cuda
    assert moved.cpu().tolist() == [2, 2, 2]
    assert len(gpu.to_device) == 1
