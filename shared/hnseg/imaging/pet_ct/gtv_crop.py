"""Box of a CT around its GTV, of a size in mm, which may reach beyond the image.

After Kutnár et al. (2023): 160 x 224 x 128 voxels of 0.9765 x 0.9765 x 2.0 mm, centred on the GTV. The box here has the
CT's own voxels, as many as fit into that size, so that a CT of any spacing and order of axes is cropped alike;
nnU-Net's plans bring it to the network's spacing, where it is never larger than the paper's: one voxel more along an
axis would be two tiles, since that is the network's patch.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from hnseg.errors import InputError
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import Grid

Size3 = tuple[float, float, float]
_OVER = 0.1  # voxels by which the box may be larger than its size, so that 160 of 0.9766 mm fit into 160 of 0.9765


def gtv_crop(gtv: sitk.Image, *, extent_mm: Size3) -> Box:
    """Return the box of a size around a GTV, on the label map's lattice of voxels.

    Its middle is that of the smallest box around the GTV, to within half a voxel.

    Args:
        gtv: Label map; every value over 0 is GTV.
        extent_mm: Most that the box may measure along the patient's axes: left to right, front to back, feet to head.

    Returns:
        Box whose first voxel may have a negative index, and whose last may lie beyond the image.

    Raises:
        InputError: The GTV is empty.

    >>> gtv = sitk.Image(10, 10, 10, sitk.sitkUInt8)
    >>> gtv[5, 5, 1] = 1
    >>> gtv_crop(gtv, extent_mm=(3.0, 5.0, 7.0))
    Box(index_xyz=(4, 3, -2), size_xyz=(3, 5, 7))
    """
    grid = Grid.of(gtv)
    found = ndimage.find_objects((sitk.GetArrayViewFromImage(gtv) > 0).astype(np.uint8))
    if not found:
        raise InputError(
            "The GTV must have at least one voxel, around which the network's box lies, but its label map is empty."
            " Was another structure's label map given, or was the contour lost on the way?"
        )
    middle_xyz = np.array([(axis.start + axis.stop - 1) / 2 for axis in found[0][::-1]])
    # Each of the image's axes has the extent of the patient's axis that it is nearest to.
    nearest = np.abs(np.array(grid.direction).reshape(3, 3)).argmax(axis=0)
    size = np.maximum(1, np.floor(np.array(extent_mm)[nearest] / grid.spacing_mm + _OVER)).astype(int)
    first = np.floor(middle_xyz - (size - 1) / 2 + 0.5).astype(int)
    (x, y, z), (size_x, size_y, size_z) = first.tolist(), size.tolist()
    return Box((x, y, z), (size_x, size_y, size_z))
