"""Folds run by torch on a GPU: where their weights are, passes that run ahead of the program, and their memory."""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import nn

from hnseg.inference.backends.cuda_memory import UNLIMITED_GIB, free_vram_gib, limit_allocator, may_be_exhausted
from hnseg.inference.backends.device_copies import copy_on, size_gib
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.model.bundle import Bundle
from hnseg.machine import GIB
from hnseg.options import Precision

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class CudaBackend:
    """Networks of all folds on a GPU; see `hnseg.inference.backends.protocol.Backend`.

    The networks themselves stay on the processor, unchanged; copies of them run on the GPU. cuDNN chooses the fastest
    of its algorithms by trying them, so that two runs may differ in the last digits of a logit, and so in single voxels
    of a label map.

    Attributes:
        networks: Networks, one a fold, with float32 weights, on the processor.
        device: GPU that runs copies of them.
        precision: Precision that was asked for.
        is_resident: Whether the copies of all folds stay on the GPU; if not, a fold's weights travel for its turn.
        is_single: Whether they compute in float32, not as nnU-Net's do in float16.
    """

    networks: tuple[nn.Module, ...]
    device: torch.device
    precision: Precision = "exact"
    is_resident: bool = True
    is_single: bool = False
    name: ClassVar[str] = "torch"
    channels_last: ClassVar[bool] = False
    copies_together: ClassVar[int] = 1
    _measured_gib: float = 0.0
    _copies: dict[int, nn.Module] = field(default_factory=dict, init=False, repr=False)
    _passes: deque[torch.cuda.Event] = field(default_factory=deque, init=False, repr=False)

    @property
    def arithmetic(self) -> torch.dtype:
        """Type of number: float16, as nnU-Net's, or float32."""
        return torch.float32 if self.is_single else torch.float16

    @property
    def folds(self) -> int:
        """Number of networks."""
        return len(self.networks)

    @property
    def copies_a_turn(self) -> int:
        """Least number of copies a turn: two where weights travel, so that they travel half as often."""
        return 1 if self.is_resident else 2

    @property
    def pass_gib(self) -> float:
        """Memory of the GPU that a pass takes, as `warm_up` measured it, and that resident copies still will."""
        missing = [self.networks[fold] for fold in range(self.folds) if self.is_resident and fold not in self._copies]
        return self._measured_gib + size_gib(missing, self.arithmetic)

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch); the GPU may still compute them."""
        network = self._on_device(fold)
        with torch.inference_mode(), self._autocast():
            logits: torch.Tensor = network(batch)
        # Whoever waits for it sleeps, and leaves the processor to those that label planes.
        ended = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        ended.record()
        self._passes.append(ended)
        return logits.float()

    def module(self, fold: int) -> nn.Module:
        """Return the copy of a fold's network on the GPU."""
        return self._on_device(fold)

    def release(self, fold: int) -> None:
        """Free a fold's weights on the GPU where they travel."""
        if not self.is_resident:
            self._copies.pop(fold, None)

    def wait(self) -> None:
        """Wait until all passes but the latest have ended: that one keeps the GPU busy while the next is launched."""
        while len(self._passes) > 1:
            self._passes.popleft().synchronize()

    def finish(self) -> None:
        """Wait until all passes, and what follows them, have ended."""
        torch.cuda.synchronize(self.device)
        self._passes.clear()

    def warm_up(self, shape: tuple[int, ...]) -> None:
        """Run two passes, and measure what memory the second takes.

        The first is slower than all others by seconds: the GPU loads kernels, and cuDNN tries its algorithms, in more
        memory than the fastest of them needs.

        Args:
            shape: Shape (n, c, *patch) of a batch.
        """
        for fold in range(self.folds if self.is_resident else 0):
            self._on_device(fold)
        for _ in range(2):
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
            self.logits(0, torch.zeros(shape, device=self.device))
            self.finish()
            self.release(0)
        self._measured_gib = (torch.cuda.max_memory_allocated(self.device) - before) / GIB

    def in_single(self) -> CudaBackend | None:
        """Return the same networks computing in float32, whose weights travel; None where these do."""
        return None if self.is_single else replace(self, is_single=True, is_resident=False)

    def lighter(self) -> CudaBackend | TorchBackend:
        """Return a backend whose weights travel for every turn; where they do already, one on the processor."""
        self._copies.clear()
        self._passes.clear()
        if self.is_resident:
            return replace(self, is_resident=False)
        return TorchBackend(self.networks, self.precision)

    def _on_device(self, fold: int) -> nn.Module:
        """Return a fold's network on the GPU, where it stays until `release`, or for good if it is resident."""
        if fold not in self._copies:
            self._copies[fold] = copy_on(self.networks[fold], self.device, self.arithmetic)
        return self._copies[fold]

    def _autocast(self) -> AbstractContextManager[object]:
        return nullcontext() if self.is_single else torch.autocast("cuda", dtype=self.arithmetic)


def load_on_gpu(
    bundle: Bundle, device: torch.device, precision: Precision = "exact", vram_gib: float = UNLIMITED_GIB
) -> CudaBackend | TorchBackend:
    """Build the networks of a bundle, give them their weights, and make the GPU ready for them.

    Args:
        bundle: Model folder, opened.
        device: GPU to run them on.
        precision: Precision of the arithmetic.
        vram_gib: Memory of the GPU that this process may have in all.

    Returns:
        The backend; one on the processor where the GPU has too little memory for a pass.

    Raises:
        ModelError: The weights don't fit the network that the plans describe.
    """
    torch.backends.cudnn.benchmark = True  # every tile has the same shape
    limit_allocator(device, vram_gib)
    networks = TorchBackend.load(bundle).networks
    # Half of the memory is left to the sums and the passes.
    is_resident = size_gib(networks, torch.float16) < free_vram_gib(device, vram_gib) / 2
    backend = CudaBackend(networks, device, precision, is_resident)
    return _warmed_up(backend, (1, bundle.network_channels, *bundle.configuration.patch_size))


def _warmed_up(backend: CudaBackend, shape: tuple[int, ...]) -> CudaBackend | TorchBackend:
    """Return the backend after `CudaBackend.warm_up`, or a lighter one where memory was not enough for it."""
    started_s = time.monotonic()
    running: CudaBackend | TorchBackend = backend
    while isinstance(running, CudaBackend):
        try:
            running.warm_up(shape)
        except (MemoryError, RuntimeError) as error:
            if not may_be_exhausted(error):
                raise
        else:
            ready_s = time.monotonic() - started_s
            logger.info("GPU ready in %.1f s; a pass takes %.2f GiB of its memory", ready_s, running.pass_gib)
            return running
        running = running.lighter()  # not before the error is gone, which holds the memory of the pass
        torch.cuda.empty_cache()
    logger.info("note: the GPU has too little memory for a pass, so that the processor runs the networks.")
    return running
