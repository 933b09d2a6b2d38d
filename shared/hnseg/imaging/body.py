"""The body on a CT, sketched: where it is, not what its surface looks like.

The sketch is on a coarse grid with the CT's own axes, flipped and swapped so that x goes to the patient's left, y to
the back and z to the head, as nearly as the CT's directions allow. Whatever the image's own order of axes, `body[z]` is
a slice across the body, and a larger z is nearer to the crown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, array_of, resample_image

SKETCH_MM = 4.0  # finer images are sketched at this spacing; coarser axes keep their own
SKIN_HU = -300.0
_AIR_HU = -1024.0

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sketch:
    """A coarse CT and the body on it.

    Attributes:
        hu: (z, y, x), float32.
        body: (z, y, x): the largest piece above -300 HU, its slices without holes; empty where there is none.
        grid: Of both; x to the left, y to the back, z to the head.
        ct_grid: The CT's own, whose axes are parallel to these.
    """

    hu: FloatArray
    body: Mask
    grid: Grid
    ct_grid: Grid

    def share_inside(self, grid: Grid) -> tuple[float, float]:
        """Return how much of the body lies in another grid's field of view: a fraction, and millilitres; 0 of none."""
        points_mm = self.grid.points_mm(np.argwhere(self.body)[:, ::-1].astype(np.float64))
        if not len(points_mm):
            return 0.0, 0.0
        index_xyz = grid.index_xyz(points_mm)
        inside = ((index_xyz >= -0.5) & (index_xyz <= np.array(grid.size_xyz) - 0.5)).all(axis=1)
        return float(inside.mean()), float(inside.sum()) * self.grid.voxel_volume_mm3 / 1000


def sketch_of(ct: sitk.Image) -> Sketch:
    """Sketch the body on a CT in Hounsfield units, of any size and direction."""
    own = Grid.of(ct)
    x, y, z = (max(mm, SKETCH_MM) for mm in own.spacing_mm)
    coarse = sitk.DICOMOrient(resample_image(ct, own.respaced((x, y, z)), outside=_AIR_HU), "LPS")
    hu: FloatArray = array_of(coarse).astype(np.float32)
    return Sketch(hu, _body(hu > SKIN_HU), Grid.of(coarse), own)


def _body(solid: Mask) -> Mask:
    """Return the largest piece, after what is thin, such as the couch's shell and clothes, was taken away."""
    padded = np.pad(solid, 1, mode="edge")  # what goes on beyond the image is not thin
    opened = ndimage.binary_opening(padded)[1:-1, 1:-1, 1:-1]
    numbered, count = ndimage.label(opened)
    if not count:
        return np.zeros_like(solid)
    body = numbered == 1 + int(np.argmax(np.bincount(numbered.ravel())[1:]))
    return np.stack([ndimage.binary_fill_holes(z_slice) for z_slice in body])
