"""Label maps made of boxes, whose volumes and overlaps are worked out by hand."""

import numpy as np
import SimpleITK as sitk


def make_label_map(
    boxes: dict[int, tuple[slice, slice, slice]] | None = None,
    *,
    spacing_mm=(1.0, 1.0, 1.0),
    origin_mm=(0.0, 0.0, 0.0),
    direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    shape_zyx=(6, 8, 10),
    dtype=np.uint8,
) -> sitk.Image:
    """Make a label map of boxes on a grid of 10 x 8 x 6 voxels."""
    array = np.zeros(shape_zyx, dtype)
    for label, box in (boxes or {}).items():
        array[box] = label
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing_mm)
    image.SetOrigin(origin_mm)
    image.SetDirection(direction)
    return image
