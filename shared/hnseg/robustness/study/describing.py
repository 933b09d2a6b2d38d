"""Description of a case's references for a study: descriptors of each structure, as published and as meant.

The published ones were computed on images of 200 x 200 x 310 mm with voxels of 1 mm3, so they are computed in a box of
that size around the structures, whatever the extent of the scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, resample_image, resample_label_map
from hnseg.robustness.descriptors.meant import descriptors_of
from hnseg.robustness.descriptors.published import published_descriptors

PUBLISHED_SIZE_MM = (200, 200, 310)
"""Size (x, y, z) of the images that the published descriptors are of."""

Descriptors = dict[str, float]


def describe_structures(
    reference: sitk.Image, images: Mapping[str, sitk.Image], labels: Mapping[int, str]
) -> dict[str, Descriptors]:
    """Return the descriptors of each structure of a reference, by its name.

    Args:
        reference: True label map.
        images: Images of the case on their own grids, by name, of which CT in HU and PET in SUV.
        labels: Values of the reference with their names.

    Returns:
        Values by name; NaN for a structure that the reference does not have.
    """
    found: dict[str, Descriptors] = {name: {} for name in labels.values()}
    grid, box = Grid.of(reference), _published_grid(reference)
    array, laid = array_of(reference), _laid_on(images, grid)
    for value, name in labels.items():
        found[name] |= descriptors_of(array == value, laid, grid)
    array, laid = array_of(resample_label_map(reference, box)), _laid_on(images, box)
    for value, name in labels.items():
        found[name] |= published_descriptors(array == value, laid)
    return found


def _laid_on(images: Mapping[str, sitk.Image], grid: Grid) -> dict[str, npt.NDArray[Any]]:
    """Return images on a grid, with their smallest value outside, (z, y, x) each."""
    outside = {name: float(sitk.GetArrayViewFromImage(image).min()) for name, image in images.items()}
    return {name: array_of(resample_image(image, grid, outside=outside[name])) for name, image in images.items()}


def _published_grid(reference: sitk.Image) -> Grid:
    """Return the grid of 1 mm around the middle of all structures, or of the image where there is none."""
    grid = Grid.of(reference)
    where = np.argwhere(sitk.GetArrayViewFromImage(reference) > 0)
    first, last = (where.min(axis=0), where.max(axis=0)) if len(where) else (np.zeros(3), np.array(grid.shape_zyx) - 1)
    middle_mm = grid.points_mm(((first + last) / 2)[np.newaxis, ::-1])[0]
    corner = -(np.array(PUBLISHED_SIZE_MM) - 1) / 2
    x, y, z = (middle_mm + np.array(grid.direction).reshape(3, 3) @ corner).tolist()
    return Grid(PUBLISHED_SIZE_MM, (1.0, 1.0, 1.0), (x, y, z), grid.direction)
