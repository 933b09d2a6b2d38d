"""Protocol between the predictor and the libraries that compute: a batch of tiles in, one fold's logits out.

`torch_backend` runs on every processor and `cuda_backend` on a GPU. `openvino_backend` is two to five times faster on a
processor, and optional. `onnxruntime_backend` runs graphs, on either; so does `openvino_backend`, and torch does not.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch
from torch import nn

from hnseg.inference.model.bundle import Bundle
from hnseg.options import Precision


class Backend(Protocol):
    """Networks of all folds, loaded; a fold is called by its index among them."""

    @property
    def name(self) -> str:
        """Name of the library."""

    @property
    def device(self) -> torch.device:
        """Device on which batches must be, and logits are."""

    @property
    def precision(self) -> Precision:
        """Precision that was asked for."""

    @property
    def arithmetic(self) -> torch.dtype:
        """Type of number that the networks compute in."""

    @property
    def folds(self) -> int:
        """Number of folds."""

    @property
    def copies_together(self) -> int:
        """Number of mirrored copies of tiles that a batch should hold."""

    @property
    def copies_a_turn(self) -> int:
        """Least number of copies that a fold should predict before another fold's turn."""

    @property
    def pass_gib(self) -> float:
        """Memory that a pass takes beside the weights, measured; 0 where it was not."""

    @property
    def channels_last(self) -> bool:
        """Whether the logits of one voxel lie side by side in memory, and not those of one class."""

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch).

        They may lie in memory that the fold's next batch or `release` takes back.
        """

    def module(self, fold: int) -> nn.Module | None:
        """Return the module of torch that runs a fold's next batch; None where no module does."""

    def release(self, fold: int) -> None:
        """Free the memory that a fold needs only while it runs: another fold has its turn."""

    def wait(self) -> None:
        """Wait until all passes but the latest have ended, so that a clock tells what passes take."""

    def finish(self) -> None:
        """Wait until all passes, and what follows them, have ended."""

    def in_single(self) -> Backend | None:
        """Return the same networks computing in float32; None where this backend does."""

    def lighter(self) -> Backend | None:
        """Return a backend that takes less memory of a GPU, for the rest of a case; or None."""


def other_library(bundle: Bundle) -> Literal["torch", "onnxruntime"]:
    """Return the name of the library, beside OpenVINO, that runs a bundle's networks on a processor."""
    return "torch" if bundle.graphs is None else "onnxruntime"
