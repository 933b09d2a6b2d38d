"""Reliability diagram and expected calibration error: whether events come as often as their probabilities say.

Source: Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; bins of equal mass
as in Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language processing models",
EMNLP 2015; classes apart as in Nixon et al., "Measuring calibration in deep learning", CVPR workshops 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.records import Frozen

BINS = 15

Probabilities = npt.NDArray[np.floating[Any]]
Events = npt.NDArray[np.bool_]


class ReliabilityBin(Frozen):
    """Bin of a reliability diagram, which holds at least one voxel."""

    low: float
    """Least probability of the bin: its edge, or of bins of equal mass that of a voxel."""
    high: float
    """Greatest probability of the bin, likewise."""
    voxels: int
    """Number of voxels in it."""
    mean_probability: float
    """Mean probability that the model gives them."""
    frequency: float
    """Fraction of them where the event is true, 0 to 1."""


def bins_of_equal_width(probabilities: Probabilities, events: Events, *, count: int = BINS) -> list[ReliabilityBin]:
    """Return the bins that are not empty, of one width from 0 to 1.

    Args:
        probabilities: Probability (n,) of an event; one on an edge belongs to the bin above, 1 to the last.
        events: Whether it is true, (n,).
        count: Number of bins, with the empty ones.

    >>> [(each.low, each.voxels) for each in bins_of_equal_width(np.array([0.5, 0.7]), np.array([True, True]), count=2)]
    [(0.5, 2)]
    """
    numbers = np.minimum((probabilities * count).astype(np.intp), count - 1)
    order = np.argsort(numbers, kind="stable")
    members = np.split(order, np.searchsorted(numbers[order], np.arange(1, count)))
    return [
        _bin(probabilities[which], events[which], (number / count, (number + 1) / count))
        for number, which in enumerate(members)
        if len(which)
    ]


def bins_of_equal_mass(probabilities: Probabilities, events: Events, *, count: int = BINS) -> list[ReliabilityBin]:
    """Return bins of ascending probability that hold the same number of voxels, to within one.

    Args:
        probabilities: Probability (n,) of an event.
        events: Whether it is true, (n,).
        count: Number of bins; as many as there are voxels where these are fewer.
    """
    order = np.argsort(probabilities, kind="stable")
    return [
        _bin(probabilities[which], events[which], (probabilities[which[0]], probabilities[which[-1]]))
        for which in np.array_split(order, count)
        if len(which)
    ]


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Return the mean over voxels of the difference, in their bin, of mean probability and frequency; NaN of none.

    >>> one = ReliabilityBin(low=0, high=1, voxels=4, mean_probability=0.75, frequency=0.5)
    >>> expected_calibration_error([one])
    0.25
    """
    voxels = sum(each.voxels for each in bins)
    if not voxels:
        return float("nan")
    return sum(each.voxels * abs(each.mean_probability - each.frequency) for each in bins) / voxels


def _bin(probabilities: Probabilities, events: Events, edges: tuple[float, float]) -> ReliabilityBin:
    return ReliabilityBin(
        low=float(edges[0]),
        high=float(edges[1]),
        voxels=len(events),
        mean_probability=float(np.mean(probabilities, dtype=np.float64)),
        frequency=float(np.mean(events)),
    )
