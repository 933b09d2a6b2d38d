"""Folds run by torch on a processor."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import nn

from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import Bundle
from hnseg.options import Precision


@dataclass(frozen=True)
class TorchBackend:
    """Networks of all folds, as torch modules; see `hnseg.inference.backends.protocol.Backend`.

    Attributes:
        networks: Networks, one a fold, with float32 weights.
        precision: Precision that was asked for.
        is_single: Whether they compute in float32 whatever the precision.
    """

    networks: tuple[nn.Module, ...]
    precision: Precision = "exact"
    is_single: bool = False
    name: ClassVar[str] = "torch"
    device: ClassVar[torch.device] = torch.device("cpu")
    pass_gib: ClassVar[float] = 0.0
    copies_together: ClassVar[int] = 2
    """Number of copies in a batch: a batch of one with few channels is convolved by torch's slowest kernel; two
    together were 5.6 times faster a copy in a network of 8 to 32 features, and no slower in a large one."""
    copies_a_turn: ClassVar[int] = 2
    channels_last: ClassVar[bool] = False

    @classmethod
    def load(cls, bundle: Bundle, precision: Precision = "exact") -> TorchBackend:
        """Build the networks of a bundle and give them their weights.

        Raises:
            ModelError: The weights don't fit the network that the plans describe.
        """
        return cls(tuple(network_of(bundle, fold) for fold in range(len(bundle.folds))), precision)

    @property
    def arithmetic(self) -> torch.dtype:
        """Type of number: float32, or bfloat16 in fast mode where the processor has it."""
        if self.is_single or self.precision == "exact":
            return torch.float32
        return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32

    @property
    def folds(self) -> int:
        """Number of networks."""
        return len(self.networks)

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch)."""
        with torch.inference_mode(), self._autocast():
            logits: torch.Tensor = self.networks[fold](batch)
        return logits.float()

    def module(self, fold: int) -> nn.Module:
        """Return a fold's network."""
        return self.networks[fold]

    def release(self, fold: int) -> None:
        """Do nothing: torch frees the memory of a pass after it."""

    def wait(self) -> None:
        """Do nothing: a pass has ended when its logits are returned."""

    def finish(self) -> None:
        """Do nothing: a pass has ended when its logits are returned."""

    def in_single(self) -> TorchBackend | None:
        """Return the same networks computing in float32; None where they do."""
        return None if self.arithmetic == torch.float32 else replace(self, is_single=True)

    def lighter(self) -> None:
        """Return None: no memory of a GPU is taken."""

    def _autocast(self) -> AbstractContextManager[object]:
        return nullcontext() if self.arithmetic == torch.float32 else torch.autocast("cpu", dtype=self.arithmetic)
