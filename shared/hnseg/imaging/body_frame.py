"""Frame of the body on a scan of any kind: positions in mm from the body's middle and from its top.

The frame is what scans of different fields of view have in common. x counts from the middle of the body at the point's
own level to the patient's left, y from the same middle to the back, and z downwards from the top of the body above the
point: from the crown where the scan shows it, else from the scan's upper end. Arms beside the head or above it are no
part of what is above a point, since air lies between. A crop around the head leaves positions in it as they are.

The body is found on a coarse copy whose axes are those of the scan, swapped and flipped to lie nearly along the
patient's: so the order and direction of the scan's own axes are no matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.body import SKIN_HU, Mask
from hnseg.imaging.geometry import Grid, array_of

COARSE_MM = 6.0  # largest spacing of the coarse copy, unless the scan's own is larger
LEVEL_MM = 15.0  # up and down from a point: the slices that show the body's middle at its level
NEAR_MM = 12.0  # from the coarse body: nearer than that, a point may lie at the skin, which is known to within 6 mm
COLUMN_MM = (40.0, 60.0)  # from the body's middle to both sides, and to front and back: a head, but no arm, is there
_LEAST_AIR = 0.01  # fraction of a CT's voxels
_TISSUE_SHARE = 0.25  # of the mean of what is brighter than the mean: tissue on MR and PET, and not their noise

Point = tuple[float, float, float]


@dataclass(frozen=True)
class BodyFrame:
    """Body on a coarse copy of a scan.

    Attributes:
        body: Mask of the body, (z, y, x), with at least one voxel.
        grid: Grid of `body`; x to the left, y to the back, z to the head.
    """

    body: Mask
    grid: Grid

    def position_mm(self, point_mm: npt.NDArray[np.float64]) -> Point:
        """Return a point's position in the frame.

        Args:
            point_mm: Point in the world, LPS, shape (3,); it may lie outside the body or the scan.

        Returns:
            Distances (x, y, z) from the middle of the body to the left and to the back, and from its top downwards.

        >>> body = np.zeros((10, 10, 10), bool)
        >>> body[:8, 2:9, 2:9] = True
        >>> grid = Grid((10, 10, 10), (5.0, 5.0, 5.0), (0.0, 0.0, 100.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> BodyFrame(body, grid).position_mm(np.array([35.0, 25.0, 120.0]))
        (10.0, 0.0, 15.0)
        """
        x, y, z = self.grid.index_xyz(point_mm[np.newaxis])[0].tolist()
        level = min(max(round(z), 0), len(self.body) - 1)
        middle_x, middle_y = self._middle_xy(level)
        mm_x, mm_y, mm_z = self.grid.spacing_mm
        return ((x - middle_x) * mm_x, (y - middle_y) * mm_y, (self._top(level, (middle_x, middle_y)) - z) * mm_z)

    def share_outside(self, points_mm: npt.NDArray[np.float64]) -> float:
        """Return the share of points that lie farther than 12 mm from the body, 0 to 1; holes of its slices are in it.

        Args:
            points_mm: Points in the world, LPS, shape (n, 3), at least one; outside the scan none is near.

        >>> body = np.zeros((10, 10, 10), bool)
        >>> body[:, 2:5, 2:5] = True
        >>> frame = BodyFrame(body, Grid((10, 10, 10), (6.0, 6.0, 6.0), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
        >>> frame.share_outside(np.array([[18.0, 18.0, 18.0], [54.0, 18.0, 18.0]]))
        0.5
        """
        index_zyx = np.rint(self.grid.index_xyz(points_mm)).astype(np.intp)[:, ::-1]
        is_inside = ((index_zyx >= 0) & (index_zyx < self.body.shape)).all(axis=1)
        near = self._near[tuple(index_zyx[is_inside].T)]
        return 1 - float(np.count_nonzero(near)) / len(points_mm)

    @cached_property
    def _near(self) -> Mask:
        """Mask of what lies in the body or near it."""
        filled = np.stack([ndimage.binary_fill_holes(z_slice) for z_slice in self.body])
        steps = max(1, round(NEAR_MM / max(self.grid.spacing_mm)))
        return np.asarray(ndimage.binary_dilation(filled, np.ones((3, 3, 3), bool), iterations=steps))

    @property
    def _levels(self) -> npt.NDArray[np.intp]:
        """Numbers of the slices with some of the body, from the lowest, (n,)."""
        return np.flatnonzero(self.body.any(axis=(1, 2)))

    def _middle_xy(self, level: int) -> tuple[float, float]:
        """Return the middle of the box around the body at a level; of the nearest levels where it has none."""
        levels = self._levels
        reach = max(LEVEL_MM / self.grid.spacing_mm[2], float(np.abs(levels - level).min()))
        outline = np.asarray(self.body[levels[np.abs(levels - level) <= reach]].any(axis=0))
        rows, columns = (np.flatnonzero(outline.any(axis=axis)) for axis in (1, 0))
        return (float(columns[0] + columns[-1]) / 2, float(rows[0] + rows[-1]) / 2)

    def _top(self, level: int, middle_xy: tuple[float, float]) -> int:
        """Return the highest level of the body above a level, without a gap; of the whole body where it has none."""
        x, y = (
            slice(max(0, round(middle - reach / mm)), round(middle + reach / mm) + 1)
            for middle, reach, mm in zip(middle_xy, COLUMN_MM, self.grid.spacing_mm[:2], strict=True)
        )
        column = np.asarray(self.body[level:, y, x].any(axis=(1, 2)))
        if not column[0]:
            return int(self._levels[-1])
        return level + (len(column) if column.all() else int(column.argmin())) - 1


def body_frame_of(scan: sitk.Image) -> BodyFrame | None:
    """Return the frame of the body on a scan; None where no body is found.

    Args:
        scan: CT in Hounsfield units, or an image of another kind in which the air is the darkest; any size and
            direction.

    >>> body_frame_of(sitk.Image([8, 8, 4], sitk.sitkInt16) - 1000) is None
    True
    """
    steps = [max(1, int(COARSE_MM / mm)) for mm in scan.GetSpacing()]
    coarse = sitk.DICOMOrient(scan[tuple(slice(None, None, step) for step in steps)], "LPS")
    body = _largest_piece(_tissue(array_of(coarse)))
    return BodyFrame(body, Grid.of(coarse)) if body.any() else None


def _tissue(values: npt.NDArray[Any]) -> Mask:
    """Return the mask of tissue: above the skin's Hounsfield units on a CT, else of what is bright."""
    values = np.nan_to_num(values.astype(np.float32))
    if (values < SKIN_HU).mean() > _LEAST_AIR:  # interpolated MR has a few such low values at edges
        return np.asarray(values > SKIN_HU)
    values -= np.percentile(values, 100 * _LEAST_AIR)
    return np.asarray(values > _TISSUE_SHARE * values[values >= values.mean()].mean())


def _largest_piece(tissue: Mask) -> Mask:
    """Return the largest piece that is left when thin parts, such as the couch and clothes, are taken away."""
    opened = ndimage.binary_opening(np.pad(tissue, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
    numbered, count = ndimage.label(opened)
    return np.asarray(numbered == 1 + np.argmax(np.bincount(numbered.ravel(), minlength=2)[1:])) if count else opened
