"""Folds run by torch, on a processor or a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import nn

from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import Bundle
from hnseg.machine import GIB, is_exhausted
from hnseg.options import Precision

UNLIMITED_GIB = float("inf")
"""Memory of a GPU without a limit."""

_EXHAUSTED_IN_LIBRARIES = (
    *("CUDNN_STATUS_ALLOC_FAILED", "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_ALLOC_FAILED"),
    *("unable to find a valid cuDNN algorithm", "unable to find an engine"),
)
"""Words of cuDNN and cuBLAS that mostly mean too little memory of a GPU, and sometimes a broken driver."""


@dataclass(frozen=True)
class TorchBackend:
    """Networks of all folds, as torch modules; see `hnseg.inference.backends.protocol.Backend`.

    Attributes:
        networks: Networks, one a fold, with weights.
        device: Device that runs them.
        precision: Precision of their arithmetic.
        is_resident: Whether their weights are on the device; if not, they travel there for every batch.
        is_single: Whether they compute in float32 whatever the precision and the device.
    """

    networks: tuple[nn.Module, ...]
    device: torch.device
    precision: Precision = "exact"
    is_resident: bool = True
    is_single: bool = False
    name: ClassVar[str] = "torch"

    @classmethod
    def load(
        cls, bundle: Bundle, device: torch.device, precision: Precision = "exact", vram_gib: float = UNLIMITED_GIB
    ) -> TorchBackend:
        """Build the networks of a bundle and give them their weights.

        Args:
            bundle: Model folder, opened.
            device: Device to run them on.
            precision: Precision of the arithmetic.
            vram_gib: Memory of the GPU that this process may have in all.

        Raises:
            ModelError: The weights don't fit the network that the plans describe.
        """
        networks = tuple(network_of(bundle, fold) for fold in range(len(bundle.folds)))
        is_resident = True
        if device.type == "cuda":
            torch.backends.cudnn.benchmark = True  # every tile has the same shape
            if vram_gib != UNLIMITED_GIB:
                total_gib = torch.cuda.get_device_properties(device).total_memory / GIB
                torch.cuda.set_per_process_memory_fraction(min(1.0, vram_gib / total_gib), device)
            # Half of the memory is left to the sums and the passes.
            is_resident = _size_gib(networks) < free_vram_gib(device, vram_gib) / 2
        backend = cls(networks, device, precision, is_resident=False)
        return backend._resident() if is_resident else backend

    @property
    def arithmetic(self) -> torch.dtype:
        """Type of number: float16 on a GPU, as nnU-Net's; float32 on a processor, bfloat16 in fast mode if it can."""
        if self.is_single:
            return torch.float32
        if self.device.type == "cuda":
            return torch.float16
        if self.precision == "exact":
            return torch.float32
        return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32

    @property
    def folds(self) -> int:
        """Number of networks."""
        return len(self.networks)

    @property
    def copies_together(self) -> int:
        """Number of copies in a batch: two on a processor, one on a GPU, which gains nothing.

        On a processor torch convolves a batch of one with few channels by its slowest kernel: two copies together were
        5.6 times faster a copy in a network of 8 to 32 features, and no slower in a large one.
        """
        return 2 if self.device.type == "cpu" else 1

    @property
    def copies_a_turn(self) -> int:
        """Least number of copies a turn: a batch, but two where weights travel, so that they travel half as often."""
        return self.copies_together if self.is_resident else 2

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch).

        Raises:
            MemoryError: cuDNN or cuBLAS failed in a way that mostly means too little memory, and the weights can still
                leave the GPU; after that, the same words mean something else.
        """
        try:
            return self._logits(self.networks[fold], batch)
        except RuntimeError as error:
            if self.device.type == "cuda" and self.is_resident and _may_be_exhausted(error):
                raise MemoryError(str(error)) from error
            raise

    def _logits(self, network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode(), self._autocast():
            if self.is_resident:
                logits: torch.Tensor = network(batch)
            else:
                weights = {name: tensor.to(self.device) for name, tensor in network.state_dict(keep_vars=True).items()}
                logits = torch.func.functional_call(network, weights, (batch,))
        return logits.float()

    def wait(self) -> None:
        """Wait until all passes have ended, the last one too."""
        self.finish()

    def finish(self) -> None:
        """Wait until all passes have ended: a GPU runs behind the calls that launch them."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def release(self, fold: int) -> None:
        """Do nothing: torch frees the memory of a pass after it."""

    def _resident(self) -> TorchBackend:
        """Return the same networks with weights on the device, or off it where they don't fit after all."""
        try:
            return replace(self, networks=tuple(each.to(self.device) for each in self.networks), is_resident=True)
        except (MemoryError, RuntimeError) as error:
            if self.device.type == "cpu" or not is_exhausted(error):
                raise
            return replace(self, networks=tuple(each.cpu() for each in self.networks))

    def in_single(self) -> TorchBackend | None:
        """Return the same networks computing in float32; None where they do."""
        return None if self.arithmetic == torch.float32 else replace(self, is_single=True)

    def lighter(self) -> TorchBackend | None:
        """Return a backend whose weights travel for every batch; where they do already, one on the processor."""
        if self.device.type == "cpu":
            return None
        networks = tuple(network.cpu() for network in self.networks)
        if self.is_resident:
            return replace(self, networks=networks, is_resident=False)
        return replace(self, networks=networks, device=torch.device("cpu"), is_resident=True)

    def _autocast(self) -> AbstractContextManager[object]:
        if self.arithmetic == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.arithmetic)


def _size_gib(networks: Iterable[nn.Module]) -> float:
    return sum(tensor.nbytes for network in networks for tensor in network.parameters()) / GIB


def _may_be_exhausted(error: RuntimeError) -> bool:
    return any(words.lower() in str(error).lower() for words in _EXHAUSTED_IN_LIBRARIES)


def free_vram_gib(device: torch.device, most_gib: float = UNLIMITED_GIB) -> float:
    """Return the memory that a GPU can still give this process, if it may have no more than `most_gib` in all.

    What torch's allocator keeps of earlier tensors counts as free: the driver does not know, but new ones get it.
    """
    allocated = torch.cuda.memory_allocated(device)
    kept = torch.cuda.memory_reserved(device) - allocated
    return min((torch.cuda.mem_get_info(device)[0] + kept) / GIB, most_gib - allocated / GIB)
