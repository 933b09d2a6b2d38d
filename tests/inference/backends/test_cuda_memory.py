"""Memory of a GPU: what is free under a limit, and the words of libraries that had too little."""

import pytest
import torch

from hnseg.inference.backends.cuda_memory import (
    CONTEXT_GIB,
    UNLIMITED_GIB,
    free_vram_gib,
    is_in_words_of_libraries,
    limit_allocator,
    may_be_exhausted,
)
from hnseg.machine import GIB
from tests.support.pretended_gpu import PretendedGpu

GPU = torch.device("cuda")
WORDS = [
    "Unable to find a valid cuDNN algorithm to run convolution",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "GET was unable to find an engine to execute this computation",
    "FIND was unable to find an engine to execute this computation",
]


def test_what_the_allocator_keeps_of_an_earlier_case_is_free_for_the_next():
    with PretendedGpu(total_bytes=4 * GIB):
        kept = torch.empty(GIB // 4, device=GPU)
        other = torch.empty(GIB // 4, device=GPU)
        del other
        assert torch.cuda.mem_get_info()[0] == 2 * GIB  # the driver does not know
        assert free_vram_gib(GPU) == 3
        assert free_vram_gib(GPU, 3) == pytest.approx(2 - CONTEXT_GIB)
        del kept


@pytest.mark.parametrize("most_gib", [2.0, 0.5, UNLIMITED_GIB])
def test_the_allocator_leaves_a_part_of_the_limit_to_the_context(most_gib):
    with PretendedGpu(total_bytes=4 * GIB):
        limit_allocator(GPU, most_gib)
        allowed = min(4.0, max(0.0, most_gib - CONTEXT_GIB))
        if allowed:
            torch.empty(int((allowed - 0.1) * GIB / 4), device=GPU)
        torch.cuda.empty_cache()
        with pytest.raises(torch.OutOfMemoryError):
            torch.empty(int((allowed + 0.1) * GIB / 4), device=GPU)


@pytest.mark.parametrize("words", WORDS)
def test_too_little_memory_in_the_words_of_cudnn_or_cublas_is_known(words):
    assert is_in_words_of_libraries(RuntimeError(words))
    assert may_be_exhausted(RuntimeError(words))


def test_torch_s_own_words_are_certain_and_others_mean_another_thing():
    torch_s, other = torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("CUDA error: device-side assert")
    assert may_be_exhausted(torch_s)
    assert not is_in_words_of_libraries(torch_s)
    assert not may_be_exhausted(other)
