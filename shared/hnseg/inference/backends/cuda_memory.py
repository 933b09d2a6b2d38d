"""Memory of a GPU: what this process may still have of it, and the errors that say it was not enough."""

from __future__ import annotations

import torch

from hnseg.machine import GIB, is_exhausted

UNLIMITED_GIB = float("inf")
"""Memory of a GPU without a limit."""
CONTEXT_GIB = 0.6
"""Memory of a GPU that a process takes beside torch's allocator: CUDA's context and kernels, 0.3 to 0.6 GiB by card."""

_WORDS_OF_LIBRARIES = (
    *("CUDNN_STATUS_ALLOC_FAILED", "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_ALLOC_FAILED"),
    *("unable to find a valid cuDNN algorithm", "unable to find an engine"),
)


def limit_allocator(device: torch.device, most_gib: float) -> None:
    """Keep torch's allocator, and CUDA's context beside it, within so much memory of a GPU in all."""
    if most_gib == UNLIMITED_GIB:
        return
    total_gib = torch.cuda.get_device_properties(device).total_memory / GIB
    fraction = max(0.0, most_gib - CONTEXT_GIB) / total_gib
    torch.cuda.set_per_process_memory_fraction(min(1.0, fraction))  # takes no device without a number


def free_vram_gib(device: torch.device, most_gib: float = UNLIMITED_GIB) -> float:
    """Return the memory that a GPU can still give this process, if it may have no more than `most_gib` in all.

    What torch's allocator keeps of earlier tensors counts as free: the driver does not know, but new ones get it.
    """
    allocated = torch.cuda.memory_allocated(device)
    kept = torch.cuda.memory_reserved(device) - allocated
    of_limit_gib = most_gib - CONTEXT_GIB - allocated / GIB
    return min((torch.cuda.mem_get_info(device)[0] + kept) / GIB, of_limit_gib)


def may_be_exhausted(error: BaseException) -> bool:
    """Say whether a pass on a GPU ended by too little memory, or by what mostly means it.

    cuDNN and cuBLAS have words of their own for it, which a broken driver leads to as well.
    """
    return is_exhausted(error) or is_in_words_of_libraries(error)


def is_in_words_of_libraries(error: BaseException) -> bool:
    """Say whether an error has words of cuDNN or cuBLAS that mostly, but not always, mean too little memory."""
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words.lower() in text for words in _WORDS_OF_LIBRARIES)
