"""The one seam between the predictor and the libraries that compute: a batch of tiles in, one fold's logits out.

`backend_torch` runs everywhere. `backend_openvino` is two to five times faster on a processor, and optional.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch

Precision = Literal["exact", "fast"]
"""`exact` lets the networks compute as nnU-Net lets them, in single precision on a processor and under float16 autocast
on a GPU, and sums over tiles in single precision. `fast` computes in bfloat16 on a processor that has it, and on a GPU
sums over tiles in float16 too, as nnU-Net does."""

Choice = Literal["auto", "torch", "openvino"]
"""Which library: `auto` takes OpenVINO on a processor where it is installed, and torch otherwise."""


class Backend(Protocol):
    """The networks of all folds, loaded, each called a fold by its place among them."""

    @property
    def name(self) -> str:
        """The library."""

    @property
    def device(self) -> torch.device:
        """Where batches are to be, and logits are."""

    @property
    def precision(self) -> Precision:
        """What was asked for."""

    @property
    def arithmetic(self) -> torch.dtype:
        """What the networks compute in."""

    @property
    def folds(self) -> int:
        """How many there are."""

    @property
    def copies_together(self) -> int:
        """How many mirrored copies of tiles a batch should hold."""

    @property
    def copies_a_turn(self) -> int:
        """How many copies a fold should see, at least, before another fold's turn."""

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch).

        They may lie in memory that the fold's next batch or `rest` takes back.
        """

    def rest(self, fold: int) -> None:
        """Give back the memory that a fold needs only while it runs: another fold has its turn."""

    def lighter(self) -> Backend | None:
        """Return a backend that takes less memory of a GPU in this one's place, which is not used again; or None."""
