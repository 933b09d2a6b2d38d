"""What differs between challenges that rank by pairwise significance: their metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Metric:
    """A number that a structure of a case gets.

    Attributes:
        name: As tables show it.
        spellings: What score files call it, in lower case.
        higher_is_better: Or else lower is.
        largest: No value exceeds it; the smallest is 0.
        of_empty: What an empty prediction of a structure that is there counts as; None for the worst value that any
            team has for that structure in any case.
        unit: Empty for a fraction.
        decimals: How many a table shows.
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
        """The name with its unit, as a key of the JSON file."""
        return f"{self.name}_{self.unit}" if self.unit else self.name

    @property
    def title(self) -> str:
        """The name with its unit, as a heading."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Method:
    """A challenge's ranking.

    Attributes:
        name: What `--method` calls it.
        metrics: Each ranks the teams; the ranks are added.
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
    """Return +1 for each metric of which more is better, -1 for the others, shape (k, 1)."""
    return np.array([[1.0 if metric.higher_is_better else -1.0] for metric in metrics])
