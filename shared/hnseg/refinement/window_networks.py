"""Networks of an ensemble on one window: the mean logits of some folds, as the predictor has them for a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from hnseg.errors import ModelError
from hnseg.imaging.geometry import FloatArray
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.execution import Execution
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.preprocessing.preprocess import Placement


@dataclass(frozen=True)
class WindowNetworks:
    """Networks that see windows of one image.

    Attributes:
        execution: Execution of their passes.
        effort: Most that may be done: whether mirrored copies are seen.
    """

    execution: Execution
    effort: Effort

    @classmethod
    def of(cls, ensemble: Ensemble, placement: Placement, effort: Effort) -> WindowNetworks:
        """Return the networks of an ensemble, ready for an image."""
        layout = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
        return cls(Execution(ensemble, replace(layout, rolls_along=0)), effort)

    @property
    def folds(self) -> int:
        """Number of folds."""
        return self.execution.backend.folds

    def logits(self, tile: torch.Tensor, folds: Sequence[int]) -> FloatArray:
        """Return the mean logits (k, *patch) of some folds, each the mean over its mirrored copies.

        Args:
            tile: Input of the networks, (c, *patch).
            folds: Indices of the folds among the networks.

        Raises:
            ModelError: The logits of a fold are not finite, in float32 neither.
        """
        mean = self.execution.by_any_backend(lambda: self._in_memory(tile, folds))
        if not mean.isfinite().all():
            with self.execution.in_single():
                mean = self._in_memory(tile, folds)
        if not mean.isfinite().all():
            raise ModelError(
                f"The logits of every fold must be finite numbers, but those of a fold of"
                f" {self.execution.ensemble.bundle.folder} are NaN or infinite. Did its training diverge, or is the"
                " image of another kind than those it was trained on?"
            )
        logits: FloatArray = mean.numpy()
        return logits

    def _in_memory(self, tile: torch.Tensor, folds: Sequence[int]) -> torch.Tensor:
        return self.execution.in_memory(lambda: self._mean(tile, folds), lambda: None)

    @torch.inference_mode()
    def _mean(self, tile: torch.Tensor, folds: Sequence[int]) -> torch.Tensor:
        execution, mirrors = self.execution, self.execution.ensemble.mirrors(self.effort)
        together = execution.layout.copies_together
        total = torch.zeros((execution.ensemble.outputs, *tile.shape[1:]))
        for fold in folds:
            for first in range(0, len(mirrors), together):
                copies = [(tile, axes) for axes in mirrors[first : first + together]]
                for logits in execution.logits_of(fold, copies):
                    total += logits.cpu()
            execution.backend.release(fold)
        return total.div_(len(folds) * len(mirrors))
