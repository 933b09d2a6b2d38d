"""Points of origin of recurrences: where in its region each begins, by what the PET shows and by the tumour's nearness.

Voxels of a region are not equally likely: in the PET-GTV by the sixth power of the SUV, so that most begin near the
hottest spot; in the rest of the GTV by its square; in the CTV1 by the SUV itself; and farther out by exp(-d / 20 mm), d
the distance to the GTV. Outside all targets, a recurrence begins at most 30 mm from them. Two origins lie at least 15
mm apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray, Grid, distance_from, within_mm
from hnseg.phantom.body.shapes import BoolArray, Point
from hnseg.phantom.challenges.recurrence.regions import Region
from hnseg.phantom.challenges.recurrence.targets import Targets

PET_GTV_SHARE = 0.41
"""Fraction of the highest SUV inside the GTV from which its voxels are the PET-GTV."""

APART_MM = 15.0
"""Smallest distance between two origins of a patient."""

REACH_MM = 30.0
"""Largest distance of an origin outside all targets from them."""

_UPTAKE_POWER: dict[Region, float] = {"PET-GTV": 6.0, "GTV": 2.0, "CTV1": 1.0}
_NEARNESS_MM = 20.0
Index = tuple[int, int, int]
"""Index of a voxel, (z, y, x)."""


@dataclass(frozen=True)
class Origin:
    """Point at which a recurrence begins.

    Attributes:
        region: Innermost target volume around it.
        point_mm: Centre of its voxel in the world, LPS.
    """

    region: Region
    point_mm: Point


def pet_gtv(targets: Targets, suv: FloatArray) -> BoolArray:
    """Return the part of the GTV with at least 41 % of its highest SUV, (z, y, x).

    Args:
        targets: Target volumes of a patient.
        suv: PET on the same grid, (z, y, x).
    """
    highest = suv[targets.gtv].max(initial=0.0)
    return np.asarray(targets.gtv & (suv >= PET_GTV_SHARE * highest))


def draw_origin(
    rng: np.random.Generator, region: Region, targets: Targets, suv: FloatArray, grid: Grid, taken: Iterable[Index]
) -> Index | None:
    """Draw the voxel in which a recurrence begins.

    Args:
        rng: Source of randomness.
        region: Region that it begins in.
        targets: Target volumes of the patient.
        suv: PET on the same grid, (z, y, x), nowhere negative.
        grid: Grid of both.
        taken: Voxels in which the patient's other recurrences begin.

    Returns:
        Index of the voxel, (z, y, x); None where the region has no voxel far enough from the others.
    """
    weights = _weights(region, targets, suv, grid)
    indices = np.argwhere(weights > 0)
    for other in taken:
        away_mm = np.linalg.norm((indices - other) * grid.spacing_zyx_mm, axis=1)
        indices = indices[away_mm >= APART_MM]
    if len(indices) == 0:
        return None
    chances = weights[tuple(indices.T)]
    z, y, x = indices[rng.choice(len(indices), p=chances / chances.sum())].tolist()
    return z, y, x


def _weights(region: Region, targets: Targets, suv: FloatArray, grid: Grid) -> npt.NDArray[np.float64]:
    """Return how likely each voxel of a region is, up to a factor, (z, y, x); 0 elsewhere."""
    inside = _mask_of(region, targets, suv, grid)
    if region in _UPTAKE_POWER:
        return np.where(inside, (suv.astype(np.float64) + 1e-3) ** _UPTAKE_POWER[region], 0.0)
    if not targets.gtv.any():
        return inside.astype(np.float64)
    return np.where(inside, np.exp(-distance_from(targets.gtv, grid) / _NEARNESS_MM), 0.0)


def _mask_of(region: Region, targets: Targets, suv: FloatArray, grid: Grid) -> BoolArray:
    if region == "PET-GTV":
        return pet_gtv(targets, suv)
    if region == "GTV":
        return targets.gtv & ~pet_gtv(targets, suv)
    if region == "outside":
        return targets.soft_tissue & ~targets.ctv3 & within_mm(targets.ctv3, REACH_MM, grid)
    nested = {"CTV1": (targets.gtv, targets.ctv1), "CTV2": (targets.ctv1, targets.ctv2)}
    inner, outer = nested.get(region, (targets.ctv2, targets.ctv3))
    return outer & ~inner
