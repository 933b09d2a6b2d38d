"""Metrics of the challenges that rank by pairwise significance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Metric:
    """Metric of one structure in one case.

    Attributes:
        name: Name in tables.
        spellings: Names in score files, in lower case.
        higher_is_better: Whether a higher value is better; otherwise a lower one is.
        largest: Largest possible value; the smallest is 0.
        of_empty: Value of an empty prediction where the reference has the structure; None for the worst value that
            any team has for that structure in any case.
        unit: Unit; empty for a fraction.
        decimals: Number of decimals in a table.
    """

    name: str
    spellings: tuple[str, ...]
    higher_is_better: bool
    largest: float
    of_empty: float | None
    unit: str
    decimals: int

    @property
    def key(self) -> str:
        """Name with its unit, as a key of the JSON file."""
        return f"{self.name}_{self.unit}" if self.unit else self.name

    @property
    def title(self) -> str:
        """Name with its unit, as a heading."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Method:
    """Ranking method of a challenge.

    Attributes:
        name: Value of `--method`.
        metrics: Metrics that each rank the teams; a team's ranks are added.
    """

    name: str
    metrics: tuple[Metric, ...]


DSC = Metric("DSC", ("dsc",), higher_is_better=True, largest=1.0, of_empty=0.0, unit="", decimals=4)
HD95 = Metric(
    "HD95", ("hd95", "hd95_mm"), higher_is_better=False, largest=math.inf, of_empty=None, unit="mm", decimals=2
)

METHODS = {
    # Podobnik et al., HaN-Seg: the head and neck organ-at-risk CT and MR segmentation challenge, Radiother Oncol 2024
    "han-seg": Method("han-seg", (DSC, HD95)),
}


def signs_of(metrics: Sequence[Metric]) -> npt.NDArray[np.float64]:
    """Return +1 for each metric of which a higher value is better, -1 for the others, (k, 1).

    >>> signs_of((DSC, HD95)).tolist()
    [[1.0], [-1.0]]
    """
    return np.array([[1.0 if metric.higher_is_better else -1.0] for metric in metrics])
