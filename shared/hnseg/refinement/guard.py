"""Guard of a refinement: what a click may change, so that it does no harm where nobody looks.

A network that sees a click may change its mind anywhere in its patch. The guard lets a change count only where it hangs
together with the click and is near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat
from scipy import ndimage

from hnseg.imaging.box import Slices
from hnseg.imaging.components import number_components
from hnseg.records import Frozen

Mask = npt.NDArray[np.bool_]
Distances = npt.NDArray[np.float64]


class Guard(Frozen):
    """Settings of the guard."""

    reach_mm: PositiveFloat = 30.0
    """Largest distance of a voxel that may change from the click."""


@dataclass(frozen=True)
class ClickPlace:
    """Place of a click in an array.

    Attributes:
        index: Index of the click along the array's axes; may lie between voxels.
        spacing_mm: Spacing along them.
        ball_mm: Radii of the ball that is drawn around it, along them.
    """

    index: tuple[float, float, float]
    spacing_mm: tuple[float, ...]
    ball_mm: tuple[float, ...]

    def box_within(self, part: Slices, radii_mm: tuple[float, ...], *, margin: int = 0) -> Slices:
        """Return the voxels of a part of the array in the box around the click, and a margin; empty where none is."""
        parts = []
        for at, mm, radius, each in zip(self.index, self.spacing_mm, radii_mm, part, strict=True):
            first = max(each.start, floor(at - radius / mm) - margin)
            parts.append(slice(first, max(first, min(each.stop, ceil(at + radius / mm) + 1 + margin))))
        z, y, x = parts
        return z, y, x

    def within(self, part: Slices, radii_mm: tuple[float, ...]) -> Mask:
        """Return the voxels of a part of the array in an ellipsoid around the click, its surface included."""
        squares: Distances = np.zeros((1, 1, 1))
        for axis, (at, mm, radius, each) in enumerate(zip(self.index, self.spacing_mm, radii_mm, part, strict=True)):
            line = (np.arange(each.start, each.stop) - at) * mm / radius
            squares = squares + (line**2).reshape([-1 if other == axis else 1 for other in range(3)])
        inside: Mask = squares <= 1
        return inside

    def ball(self, part: Slices) -> Mask:
        """Return the voxels of a part of the array in the click's ball, that of the click itself among them."""
        inside = self.within(part, self.ball_mm)
        own = tuple(round(at) - each.start for at, each in zip(self.index, part, strict=True))
        if all(0 <= at < length for at, length in zip(own, inside.shape, strict=True)):
            inside[own] = True
        return inside


def allowed(changed: Mask, part: Slices, place: ClickPlace, guard: Guard) -> Mask:
    """Return those voxels of a change that the guard lets through.

    Args:
        changed: Voxels of a part of the array whose label would change.
        part: Place of the part in the array.
        place: Place of the click.
        guard: Settings.

    Returns:
        Voxels that change, are near the click, and hang together (26-connected) with the click's ball through others
        that do both; to touch it by a corner is enough.
    """
    reach_mm = (guard.reach_mm,) * 3
    around = place.box_within(part, reach_mm)
    kept = np.zeros_like(changed)
    inner = _in(part, around)
    near = changed[inner] & place.within(around, reach_mm)
    numbered, sizes = number_components(near, connectivity=26)
    beside = place.box_within(around, place.ball_mm, margin=1)
    touched = ndimage.binary_dilation(place.ball(beside), np.ones((3, 3, 3), np.bool_))
    is_kept = np.zeros(len(sizes), np.bool_)
    is_kept[numbered[_in(around, beside)][touched]] = True
    is_kept[0] = False
    kept[inner] = is_kept[numbered]
    return kept


def _in(whole: Slices, part: Slices) -> Slices:
    """Return a part of an array as slices of a larger part of it."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, whole, strict=True))
    return z, y, x
