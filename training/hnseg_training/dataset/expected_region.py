"""Expected region of a structure that nobody outlined, from its place among the others in other patients.

Boxes are aligned with the world's axes, LPS, in mm. A patient's structures are laid on another's by shift and scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import Grid

MARGIN_MM = 5.0
OUTERMOST = 5.0  # percentile of the other patients that a side of the region leaves out
ENOUGH_FOR_SCALE = 4  # structures in common; with fewer, chance would decide the scale

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BoxMm:
    """Smallest box around a structure's voxel centres, along the world's axes (LPS).

    Attributes:
        low_mm: Least (x, y, z).
        high_mm: Greatest (x, y, z).
    """

    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]

    @classmethod
    def of(cls, mask: Mask, grid: Grid) -> BoxMm:
        """Return the box around a mask (z, y, x), which must not be empty."""
        points = grid.points_mm(np.argwhere(mask)[:, ::-1].astype(np.float64))
        return cls._between(points.min(axis=0), points.max(axis=0))

    @classmethod
    def _between(cls, low_mm: Points, high_mm: Points) -> BoxMm:
        """Return the box between two corners, each (x, y, z) with shape (3,)."""
        (x, y, z), (to_x, to_y, to_z) = low_mm.tolist(), high_mm.tolist()
        return cls((x, y, z), (to_x, to_y, to_z))

    @property
    def centre_mm(self) -> Points:
        """Middle of the box, (x, y, z), shape (3,)."""
        return np.asarray((np.array(self.low_mm) + np.array(self.high_mm)) / 2, dtype=np.float64)

    def mask_on(self, grid: Grid) -> Mask:
        """Return the mask (z, y, x) of those voxels of a grid whose centres lie in the box."""
        inside = np.zeros(grid.shape_zyx, dtype=bool)
        rows, columns = np.indices(grid.shape_zyx[1:])
        for number, plane in enumerate(inside):
            index = np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, number)], axis=1)
            points = grid.points_mm(index.astype(np.float64))
            plane[:] = ((points >= self.low_mm) & (points <= self.high_mm)).all(axis=1).reshape(plane.shape)
        return inside


def expected_region(name: str, patient: Mapping[str, BoxMm], others: Sequence[Mapping[str, BoxMm]]) -> BoxMm | None:
    """Return the box in which a structure is expected.

    Args:
        name: Name of the structure, which this patient lacks.
        patient: Boxes of this patient's structures, by name.
        others: Boxes of other patients likewise; those without the structure are left out.

    Returns:
        A box around most of the places that the structure would have if this patient were any of the others, and a
        margin of 5 mm; None where no other patient has both the structure and one of this patient's.
    """
    carried = [
        _carried_over(other[name], other, patient)
        for other in others
        if name in other and patient.keys() & other.keys()
    ]
    if not carried:
        return None
    low = np.percentile([box.low_mm for box in carried], OUTERMOST, axis=0) - MARGIN_MM
    high = np.percentile([box.high_mm for box in carried], 100 - OUTERMOST, axis=0) + MARGIN_MM
    return BoxMm._between(low, high)


def _carried_over(box: BoxMm, other: Mapping[str, BoxMm], patient: Mapping[str, BoxMm]) -> BoxMm:
    """Return a box of the other patient carried over to this one."""
    common = sorted(other.keys() & patient.keys())
    there = np.stack([other[name].centre_mm for name in common])
    here = np.stack([patient[name].centre_mm for name in common])
    scale = float(here.std(axis=0).sum() / there.std(axis=0).sum()) if len(common) >= ENOUGH_FOR_SCALE else 1.0
    middle_there, middle_here = there.mean(axis=0), here.mean(axis=0)
    return BoxMm._between(
        (np.array(box.low_mm) - middle_there) * scale + middle_here,
        (np.array(box.high_mm) - middle_there) * scale + middle_here,
    )
