"""Risk-coverage curve: the error that is left where a model only answers what it is surest of.

Coverage is the fraction of voxels that are answered, the surest first; risk is the fraction of these that are wrong.
Voxels of equal confidence are answered together, as if in a random order: each of them adds the mean error of all.

Source: Geifman and El-Yaniv, "Selective classification for deep neural networks", NeurIPS 2017; the excess over the
best order: Geifman, Uziel and El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]
Events = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RiskCoverage:
    """Risk-coverage curve of at least one voxel.

    Attributes:
        risk: Fraction (n,) of errors among the 1, 2, ... n surest voxels.
        best: The same (n,) for the best order, in which every error comes last.
    """

    risk: npt.NDArray[np.float64]
    best: npt.NDArray[np.float64]

    @classmethod
    def of(cls, confidence: Numbers, is_correct: Events) -> RiskCoverage:
        """Return the curve of voxels.

        Args:
            confidence: Confidence (n,), higher where surer; only its order counts.
            is_correct: Whether the answer is right, (n,).

        Raises:
            ValueError: There is no voxel.
        """
        if not len(confidence):
            raise ValueError("a risk-coverage curve needs one voxel at least, found none")
        counts = np.arange(1, len(confidence) + 1)
        wrong = np.sort(~is_correct).cumsum()
        return cls(_errors(-confidence, ~is_correct).cumsum() / counts, wrong / counts)

    @property
    def area(self) -> float:
        """Area under the curve (AURC): the mean risk over all coverages."""
        return float(self.risk.mean())

    @property
    def excess_area(self) -> float:
        """Area over that of the best order (excess AURC), which 0 is the best of."""
        return float((self.risk - self.best).mean())

    def points(self, count: int) -> list[tuple[float, float]]:
        """Return the curve at so many coverages, evenly spaced up to 1, as pairs of coverage and risk."""
        last = np.unique(np.ceil(np.arange(1, count + 1) / count * len(self.risk)).astype(np.intp)) - 1
        return [((place + 1) / len(self.risk), float(self.risk[place])) for place in last.tolist()]


def _errors(doubt: Numbers, is_wrong: Events) -> npt.NDArray[np.float64]:
    """Return the errors (n,) in ascending doubt, those of equal doubt each the mean of all of these."""
    _, places, counts = np.unique(doubt, return_inverse=True, return_counts=True)
    means = np.bincount(places, weights=is_wrong) / counts
    return np.repeat(means, counts)
