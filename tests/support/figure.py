"""Simple figure of a person in the world (LPS, mm): the crown at 0 0 0, the feet downwards, the nose towards -y.

The position of its head is known by hand: it is 220 mm high, and the middle of its brain lies at x = 0, y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of

LPS = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
TILTED = tuple(sitk.VersorTransform((1.0, 0.3, 0.2), 0.2).GetMatrix())  # 11 degrees
FLIPPED = (-1.0, 0, 0, 0, -1.0, 0, 0, 0, -1.0)
SWAPPED = (0, 0, -1.0, 1.0, 0, 0, 0, 1.0, 0)  # index axes go to the back, to the head, to the right


@dataclass(frozen=True)
class Figure:
    """Figure of a person, drawn as a CT and as an FDG-PET.

    Attributes:
        arms_up: Whether arms are raised beside and over the head, the hands 150 mm above the crown; otherwise none.
        brain_suv: SUV of the whole brain; a bladder below has 60, the liver 2.5, everything else 0.6.
        has_skull: Whether the head has a skull; otherwise it is all soft tissue.
    """

    arms_up: bool = False
    brain_suv: float = 7.0
    has_skull: bool = True

    def ct(self, grid: Grid) -> sitk.Image:
        """Return the CT in Hounsfield units, int16."""
        points = _points_mm(grid)
        body, skull = self._body(points), _ball(points, (0, 0, -110), (75, 95, 110))
        hu = np.where(body, 40.0, -1000.0)
        if self.has_skull:
            hu[(skull > 0.84) & (skull < 0.95) & (points[2] > -150)] = 900
            hu[(skull < 0.95) & (np.abs(points[2] + 150) < 5)] = 900
        hu[(np.hypot(points[0], points[1] + 30) < 9) & (points[2] < -160)] = -1000  # the airway
        return image_of(hu.reshape(grid.shape_zyx).astype(np.int16), grid)

    def pet(self, grid: Grid) -> sitk.Image:
        """Return the PET in SUV, float32."""
        points = _points_mm(grid)
        suv = np.where(self._body(points), 0.6, 0.02)
        suv[(_ball(points, (0, 0, -110), (75, 95, 110)) < 0.84) & (points[2] > -150)] = self.brain_suv
        suv[_ball(points, (80, 0, -500), (90, 70, 80)) < 1] = 2.5
        suv[_ball(points, (0, 0, -760), (45, 45, 45)) < 1] = 60
        return image_of(suv.reshape(grid.shape_zyx).astype(np.float32), grid)

    def _body(self, points: np.ndarray) -> np.ndarray:
        x, y, z = points
        body = _ball(points, (0, 0, -110), (75, 95, 110)) < 1
        body |= (np.hypot(x, y - 15) < 55) & (z < -150) & (z > -270)
        body |= ((x / 200) ** 2 + ((y - 20) / 120) ** 2 < 1) & (z < -260) & (z > -800)
        body |= (np.hypot(np.abs(x) - 90, y - 20) < 70) & (z < -780)
        if self.arms_up:
            middle = 160 - 90 * np.clip((z + 280) / 430, 0, 1)  # they lean inwards
            body |= (np.hypot(np.abs(x) - middle, y - 60) < 40) & (z > -280) & (z < 150)
        return body


def grid_between(
    low_mm: tuple[float, ...], high_mm: tuple[float, ...], spacing_mm: tuple[float, ...], direction: tuple = LPS
) -> Grid:
    """Return a grid around the middle of a box in the world, and as large along axes of its own directions."""
    middle, extent = (np.array(high_mm) + low_mm) / 2, np.subtract(high_mm, low_mm)
    columns = np.array(direction).reshape(3, 3)
    own_extent = extent[np.argmax(np.abs(columns), axis=0)]
    size = tuple(int(n) for n in np.maximum(1, np.rint(own_extent / spacing_mm)))
    centred = Grid(size, tuple(spacing_mm), (0.0, 0.0, 0.0), tuple(direction))
    origin = middle - centred.points_mm((np.array([size]) - 1) / 2)[0]
    return Grid(size, tuple(spacing_mm), tuple(origin.tolist()), tuple(direction))


def _points_mm(grid: Grid) -> np.ndarray:
    """Return the points of an array's voxels, mm, (3, z * y * x)."""
    index_zyx = np.indices(grid.shape_zyx).reshape(3, -1)
    return grid.points_mm(index_zyx[::-1].T.astype(float)).T


def _ball(points: np.ndarray, centre_mm: tuple[float, ...], radii_mm: tuple[float, ...]) -> np.ndarray:
    """Return the distance from the centre of an ellipsoid, 1 on its surface."""
    return np.sqrt(sum(((p - c) / r) ** 2 for p, c, r in zip(points, centre_mm, radii_mm, strict=True)))
