"""Body on a CT: a coarse copy of the CT and the mask of the body on it.

Its use is the body's place and size, not the exact surface. The coarse grid has the CT's own axes, flipped and swapped
so that x goes to the patient's left, y to the back and z to the head, as nearly as the CT's directions allow. Whatever
the image's own order of axes, `body[z]` is a slice across the body, and a larger z is nearer to the crown.
"""

from __future__ import annotations

from dataclasses import dataclass

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

    def share_inside(self, grid: Grid) -> tuple[float, float]:
        """Return the part of the body that lies in another image's field of view.

        Args:
            grid: Grid of the other image.

        Returns:
            Fraction of the body's volume, 0 to 1, and the same in millilitres; 0 and 0 of no body.

        >>> ct_grid = Grid((20, 20, 20), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> hu = np.full((20, 20, 20), 40.0, np.float32)
        >>> block = CoarseCt(hu, hu > SKIN_HU, ct_grid, ct_grid)  # 8000 voxels of 0.064 ml
        >>> block.share_inside(Grid((5, 20, 20), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), ct_grid.direction))
        (0.25, 128.0)
        """
        points_mm = self.grid.points_mm(np.argwhere(self.body)[:, ::-1].astype(np.float64))
        if not len(points_mm):
            return 0.0, 0.0
        index_xyz = grid.index_xyz(points_mm)
        inside = ((index_xyz >= -0.5) & (index_xyz <= np.array(grid.size_xyz) - 0.5)).all(axis=1)
        return float(inside.mean()), float(inside.sum()) * self.grid.voxel_volume_mm3 / 1000


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
    return CoarseCt(hu, _body(hu > SKIN_HU), Grid.of(coarse), own)


def _body(solid: Mask) -> Mask:
    """Return the largest piece that is left when thin parts, such as the couch's shell and clothes, are taken away."""
    padded = np.pad(solid, 1, mode="edge")  # a part that goes on beyond the image is not thin
    opened = ndimage.binary_opening(padded)[1:-1, 1:-1, 1:-1]
    numbered, count = ndimage.label(opened)
    if not count:
        return np.zeros_like(solid)
    body = numbered == 1 + int(np.argmax(np.bincount(numbered.ravel())[1:]))
    return np.stack([ndimage.binary_fill_holes(z_slice) for z_slice in body])
