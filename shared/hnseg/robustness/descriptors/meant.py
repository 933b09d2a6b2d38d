"""Descriptors of a reference as they are meant: in physical units, on any grid, and of the image where they say so.

Surface and lengths are SimpleITK's, which counts crossings of lines in many directions (Crofton's formula; Lehmann and
Legland, Efficient N-dimensional surface estimation using Crofton formula and run-length encoding, 2012). Contrast is
with what lies within 10 mm around the structure, and entropy that of the intensities inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.components import components_of
from hnseg.imaging.geometry import Grid, image_of

AROUND_MM = 10.0
"""Distance within which a structure is contrasted with what is around it."""
BINS = {"CT": 25.0, "PET": 0.25}
"""Width of the bins of the entropy, by modality: in HU and in SUV. Other images have no entropy."""

Mask = npt.NDArray[np.bool_]


def descriptors_of(mask: Mask, images: Mapping[str, npt.NDArray[Any]], grid: Grid) -> dict[str, float]:
    """Return the descriptors of a reference.

    Args:
        mask: Voxels of the structure, (z, y, x).
        images: Intensities by modality on the same voxels, such as CT in HU and PET in SUV.
        grid: Grid of mask and images.

    Returns:
        Values by name, with their units in it where they have any; NaN for an empty mask.
    """
    values = _shape(mask, grid)
    around = _around(mask, grid)
    for name, image in images.items():
        values |= {f"{name}_{key}": value for key, value in _intensities(image, mask, around, BINS.get(name)).items()}
    return values


def _shape(mask: Mask, grid: Grid) -> dict[str, float]:
    if not mask.any():
        names = ("volume_mm3", "surface_mm2", "sphericity", "centroid_distance_mm", "boundary_length_mm", "regions")
        return dict.fromkeys(names, float("nan"))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image_of(mask.astype(np.uint8), grid))
    volume_mm3, surface_mm2 = float(shape.GetPhysicalSize(1)), float(shape.GetPerimeter(1))
    x, y, z = grid.size_xyz
    middle_mm = grid.points_mm(np.array([[(x - 1) / 2, (y - 1) / 2, (z - 1) / 2]]))[0]
    return {
        "volume_mm3": volume_mm3,
        "surface_mm2": surface_mm2,
        "sphericity": float(np.pi ** (1 / 3) * (6 * volume_mm3) ** (2 / 3) / surface_mm2),
        "centroid_distance_mm": float(np.linalg.norm(np.array(shape.GetCentroid(1)) - middle_mm)),
        "boundary_length_mm": _boundary_length_mm(mask, grid),
        "regions": float(len(components_of(mask, connectivity=6))),
    }


def _boundary_length_mm(mask: Mask, grid: Grid) -> float:
    """Return the mean length of the outline over the slices along z that have one."""
    lengths = []
    for plane in mask[mask.any(axis=(1, 2))]:
        image = sitk.GetImageFromArray(plane.astype(np.uint8))
        image.SetSpacing(grid.spacing_mm[:2])
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(image)
        lengths.append(shape.GetPerimeter(1))
    return float(np.mean(lengths))


def _around(mask: Mask, grid: Grid) -> Mask:
    """Return the voxels outside a mask within `AROUND_MM` of it, (z, y, x)."""
    around = np.zeros_like(mask)
    found = ndimage.find_objects(mask.astype(np.uint8))
    if found:
        steps = [int(AROUND_MM / step_mm) + 1 for step_mm in grid.spacing_zyx_mm]
        box = tuple(slice(max(0, one.start - step), one.stop + step) for one, step in zip(found[0], steps, strict=True))
        distance_mm = ndimage.distance_transform_edt(~mask[box], sampling=grid.spacing_zyx_mm)
        around[box] = (distance_mm > 0) & (distance_mm <= AROUND_MM)
    return around


def _intensities(image: npt.NDArray[Any], mask: Mask, around: Mask, bin_width: float | None) -> dict[str, float]:
    inside, outside = image[mask].astype(np.float64), image[around].astype(np.float64)
    nan = float("nan")
    mean = float(inside.mean()) if len(inside) else nan
    return {
        "variability": float(inside.std()) if len(inside) else nan,
        "contrast": mean - float(outside.mean()) if len(inside) and len(outside) else nan,
        "max": float(inside.max()) if len(inside) else nan,
        "mean": mean,
        **({} if bin_width is None else {"entropy": _entropy(inside, bin_width)}),
    }


def _entropy(values: npt.NDArray[np.float64], bin_width: float) -> float:
    """Return the entropy of binned values in nats; NaN without a value."""
    if not len(values):
        return float("nan")
    _, counts = np.unique(np.floor(values / bin_width), return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum()) + 0.0
