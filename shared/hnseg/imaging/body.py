"""Body on a CT: a coarse copy of the CT and the mask of the body on it.

Its use is the body's place and size, not the exact surface. The coarse grid has the CT's own axes, flipped and swapped
so that x goes to the patient's left, y to the back and z to the head, as nearly as the CT's directions allow. Whatever
the image's own order of axes, `body[z]` is a slice across the body, and a larger z is nearer to the crown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, array_of, resample_image

COARSE_MM = 4.0  # spacing of the coarse copy; axes that are coarser already keep their own
SKIN_HU = -300.0
_AIR_HU = -1024.0

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CoarseCt:
    """Coarse copy of a CT, and the body on it.

    Attributes:
        hu: Hounsfield units, (z, y, x), float32.
        body: Mask of the body, (z, y, x): the largest piece above -300 HU with the holes of its slices filled; all
            False where there is none.
        grid: Grid of `hu` and `body`; x to the left, y to the back, z to the head.
        ct_grid: Grid of the CT itself, whose axes are parallel to these.
    """

    hu: FloatArray
    body: Mask
    grid: Grid
    ct_grid: Grid

    def values_inside(self, image: sitk.Image) -> npt.NDArray[Any]:
        """Return another image's values inside the body: those of its voxels nearest to the body's.

        Args:
            image: Scalar image on any grid.

        Returns:
            Values, (n,), of the image's own type: one for each voxel of `body` that lies in the image's field of view.

        >>> ct_grid = Grid((20, 20, 20), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> hu = np.full((20, 20, 20), 40.0, np.float32)
        >>> block = CoarseCt(hu, hu > SKIN_HU, ct_grid, ct_grid)
        >>> quarter = sitk.Image(5, 20, 20, sitk.sitkUInt8)
        >>> quarter.SetSpacing(ct_grid.spacing_mm)
        >>> block.values_inside(quarter).shape  # 2000 of the block's 8000 voxels
        (2000,)
        """
        points_mm = self.grid.points_mm(np.argwhere(self.body)[:, ::-1].astype(np.float64))
        index_xyz = np.rint(Grid.of(image).index_xyz(points_mm)).astype(np.int64)
        inside = ((index_xyz >= 0) & (index_xyz < image.GetSize())).all(axis=1)
        x, y, z = index_xyz[inside].T
        return np.asarray(sitk.GetArrayViewFromImage(image)[z, y, x])

    def nearest(self, values: npt.NDArray[Any]) -> Nearest:
        """Return values on the coarse grid, (z, y, x), as values at the voxels of the CT."""
        origin, *steps = self.grid.index_xyz(self.ct_grid.points_mm(np.vstack([np.zeros(3), np.eye(3)])))
        moves = np.array(steps) - origin  # of the coarse index (x, y, z), a row for each axis of the CT: one each
        axes = np.abs(moves).argmax(axis=1)
        along = [
            np.clip(np.rint(origin[axis] + moves[own, axis] * np.arange(size)), 0, self.grid.size_xyz[axis] - 1)
            for own, (axis, size) in enumerate(zip(axes, self.ct_grid.size_xyz, strict=True))
        ]
        x, y, z = (index.astype(np.intp) for index in along)
        return Nearest(values.transpose([2 - int(axis) for axis in axes[::-1]]), z, y, x)


@dataclass(frozen=True)
class Nearest:
    """Values on a coarse grid, looked up at the voxels of the CT: those of the nearest coarse voxel.

    Attributes:
        values: Values, with the axes of the CT's arrays, (z, y, x), coarse.
        z: Index into `values` for each slice of the CT.
        y: The same for each row.
        x: The same for each column.
    """

    values: npt.NDArray[Any]
    z: npt.NDArray[np.intp]
    y: npt.NDArray[np.intp]
    x: npt.NDArray[np.intp]

    def at(self, z: int, y: npt.NDArray[np.intp], x: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Return the values at voxels of one slice of the CT, (n,), given by their rows and columns."""
        return np.asarray(self.values[self.z[z]][self.y[y], self.x[x]])


def coarse_ct_of(ct: sitk.Image) -> CoarseCt:
    """Return a coarse copy of a CT, and the body on it.

    Args:
        ct: CT in Hounsfield units, of any size and direction.

    >>> air = sitk.Image([8, 8, 4], sitk.sitkInt16) - 1000
    >>> air.SetSpacing((2.0, 2.0, 5.0))
    >>> coarse = coarse_ct_of(air)
    >>> coarse.grid.size_xyz, coarse.grid.spacing_mm
    ((4, 4, 4), (4.0, 4.0, 5.0))
    >>> bool(coarse.body.any())
    False
    """
    own = Grid.of(ct)
    x, y, z = (max(mm, COARSE_MM) for mm in own.spacing_mm)
    coarse = sitk.DICOMOrient(resample_image(ct, own.respaced((x, y, z)), outside=_AIR_HU), "LPS")
    hu: FloatArray = array_of(coarse).astype(np.float32)
    return CoarseCt(hu, largest_body(hu > SKIN_HU), Grid.of(coarse), own)


def largest_body(solid: Mask) -> Mask:
    """Return the largest piece that is left when thin parts, such as the couch's shell and clothes, are taken away.

    Args:
        solid: Mask of what is not air, (z, y, x), coarse.

    Returns:
        Mask of the piece with the holes of its slices filled; all False where there is none.
    """
    padded = np.pad(solid, 1, mode="edge")  # a part that goes on beyond the image is not thin
    opened = ndimage.binary_opening(padded)[1:-1, 1:-1, 1:-1]
    numbered, count = ndimage.label(opened)
    if not count:
        return np.zeros_like(solid)
    body = numbered == 1 + int(np.argmax(np.bincount(numbered.ravel())[1:]))
    return np.stack([ndimage.binary_fill_holes(z_slice) for z_slice in body])
