"""Shares of a case's time among several models.

Models run one after another, the cheapest first, and each may use an equal share of the time that is left. What a cheap
one does not need so goes to the others: the fair share by which the least that any of them gets is largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from hnseg.imaging.geometry import Grid
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort

_FINISHING_S_PER_VALUE = 5e-9  # of the sum: to divide it and find the largest; 2e-9 s in memory in 2026
_WIDTH = 3  # of most convolutions, along each axis of the patch


def costs_of(ensembles: Sequence[Ensemble], grid: Grid, effort: Effort) -> tuple[float, ...]:
    """Return an estimate of the work of each model, to compare it with others'.

    Args:
        ensembles: Networks of each model.
        grid: Grid of the image.
        effort: Most that may be done.
    """
    return tuple(_cost(ensemble, grid, effort) for ensemble in ensembles)


def order_of(costs: Sequence[float], deadline: Deadline) -> tuple[int, ...]:
    """Return the indices of models in the order in which they run: as given, or where time is limited by their cost.

    Args:
        costs: Work of each model; see `costs_of`.
        deadline: Deadline of the case.
    """
    numbers = range(len(costs))
    return tuple(sorted(numbers, key=costs.__getitem__) if deadline.is_limited else numbers)


def share_of(deadline: Deadline, models_left: int) -> Deadline:
    """Return the deadline of the next of so many models."""
    if not deadline.is_limited or models_left == 1:
        return deadline
    return replace(deadline, limit_s=deadline.elapsed_s() + deadline.remaining_s() / models_left)


def without_finishing(deadline: Deadline, outputs: int, grid: Grid) -> Deadline:
    """Return the deadline of all models together: time for the label map of their mean is kept.

    Args:
        deadline: Deadline of the case.
        outputs: Number of classes or regions.
        grid: Grid of the image.
    """
    return replace(deadline, limit_s=deadline.limit_s - _FINISHING_S_PER_VALUE * outputs * prod(grid.size_xyz))


def _cost(ensemble: Ensemble, grid: Grid, effort: Effort) -> float:
    """Return an estimate of the work of a model, to compare it with others': voxels, passes, and taps of a kernel."""
    bundle = ensemble.bundle
    image_mm = tuple(grid.spacing_zyx_mm[axis] for axis in bundle.plans.transpose_forward)
    taps = _WIDTH ** len(bundle.configuration.patch_size)
    return float(ensemble.full_effort(effort).passes * taps / prod(bundle.configuration.spacing_mm(image_mm)))
