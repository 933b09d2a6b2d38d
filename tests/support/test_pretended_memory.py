"""Memory of a pretended GPU: what is allocated and freed, and how it ends."""

import gc

import pytest
import torch

from tests.support.pretended_gpu import PretendedGpu

CUDA = torch.device("cuda")
KIB = 1024


def on_gpu(kib=1):
    return torch.zeros(kib * KIB // 4, device=CUDA)


def test_memory_is_allocated_once_a_storage_and_freed_with_its_last_tensor(gpu):
    tensor = on_gpu(4)
    views = [tensor[10:], tensor.view(2, -1), tensor.detach(), torch.nn.Parameter(tensor)]
    assert torch.cuda.memory_allocated() == 4 * KIB
    del tensor
    assert torch.cuda.memory_allocated() == 4 * KIB
    views.clear()
    gc.collect()
    assert torch.cuda.memory_allocated() == 0
    assert gpu.memory.allocations == 1


def test_memory_that_is_used_again_by_the_processor_is_not_on_the_gpu():
    with PretendedGpu():
        for _ in range(100):
            assert on_gpu().is_cuda
            assert not torch.zeros(KIB // 4).is_cuda


def test_an_empty_tensor_has_a_place_too(gpu):
    assert torch.zeros(0, device=CUDA).is_cuda
    assert gpu.memory.allocated == 0


def test_in_place_work_and_views_allocate_nothing(gpu):
    tensor, other = on_gpu(), on_gpu()
    tensor += 1
    tensor.add_(other).addcmul_(other, other).clamp_min_(0)
    tensor[2:4] = 7
    tensor[1:].transpose(0, 0).copy_(other[1:])
    assert gpu.memory.allocations == 2


def test_the_peak_counts_what_was_alive_together(gpu):
    first = on_gpu(1) + on_gpu(1)  # three at once
    assert torch.cuda.max_memory_allocated() == 3 * KIB
    assert torch.cuda.memory_allocated() == KIB
    torch.cuda.reset_peak_memory_stats()
    assert torch.cuda.max_memory_allocated() == KIB
    first.exp()
    assert gpu.memory.peak == 2 * KIB


def test_freed_memory_stays_reserved_until_the_cache_is_emptied():
    with PretendedGpu(total_bytes=16 * KIB):
        on_gpu(4)
        assert (torch.cuda.memory_allocated(), torch.cuda.memory_reserved()) == (0, 4 * KIB)
        assert torch.cuda.mem_get_info() == (12 * KIB, 16 * KIB)
        torch.cuda.empty_cache()
        assert torch.cuda.memory_reserved() == 0
        assert torch.cuda.mem_get_info() == (16 * KIB, 16 * KIB)


def test_what_is_reserved_gives_way_to_what_is_needed():
    with PretendedGpu(total_bytes=8 * KIB) as gpu:
        on_gpu(6)
        kept = on_gpu(7)
        assert gpu.memory.reserved == kept.nbytes


@pytest.mark.parametrize("shrink", ["total", "elsewhere", "fraction"])
def test_beyond_its_limit_memory_is_exhausted_and_what_there_was_stays(shrink):
    with PretendedGpu(total_bytes=(4 if shrink == "total" else 8) * KIB) as gpu:
        gpu.memory.elsewhere = 4 * KIB if shrink == "elsewhere" else 0
        if shrink == "fraction":
            torch.cuda.set_per_process_memory_fraction(0.5)
        tensor = on_gpu(3)
        with pytest.raises(torch.OutOfMemoryError, match=r"CUDA out of memory\. Tried to allocate"):
            tensor + 1
        assert gpu.memory.allocated == 3 * KIB
        assert on_gpu(1).is_cuda


def test_one_allocation_fails_by_its_number_and_only_once(gpu):
    gpu.memory.fail_at = 1
    first = on_gpu()
    with pytest.raises(torch.OutOfMemoryError):
        on_gpu()
    assert (first + on_gpu()).is_cuda


def test_every_allocation_of_some_work_can_fail_in_turn():
    def work():
        return (on_gpu() + 1).mul(2).cpu()

    with PretendedGpu() as gpu:
        work()
    for number in range(gpu.memory.allocations):
        with PretendedGpu() as failing:
            failing.memory.fail_at = number
            with pytest.raises(torch.OutOfMemoryError):
                work()
            assert failing.memory.allocations == number + 1
            assert failing.memory.allocated == 0
            assert work().sum() == 2 * KIB // 4


def test_an_allocation_can_fail_as_libraries_do(gpu):
    gpu.memory.fail_at, gpu.memory.failure = 0, RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
    with pytest.raises(RuntimeError, match="CUDNN_STATUS_ALLOC_FAILED"):
        on_gpu()


def test_a_copy_of_what_is_not_contiguous_needs_memory_for_a_while(gpu):
    tensor = on_gpu(4).view(4, -1)
    tensor.t().cpu()
    assert gpu.memory.peak == 4 * KIB
    tensor[:, :128].cpu()
    assert gpu.memory.peak == 6 * KIB
    assert gpu.memory.allocated == 4 * KIB
