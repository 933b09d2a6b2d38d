"""Grids of voxels: the only place where (x, y, z) of images meets (z, y, x) of arrays.

World coordinates are LPS in mm. Two grids are the same when their voxel centres agree within 1e-3 mm, and close when
they agree within a twentieth of the smallest spacing: writers round directions, and so move the voxels of an image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

SAME_GRID_MM = 1e-3
CLOSE_GRID_SHARE = 0.05
_SLAB = 16

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Grid:
    """Voxel centres of a 3-D image.

    Attributes:
        size_xyz: Number of voxels along each axis.
        spacing_mm: Distance between voxel centres, (x, y, z).
        origin_mm: Position of voxel (0, 0, 0), LPS.
        direction: Direction cosines, 3 x 3 in rows, as SimpleITK gives them.

    >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> grid.shape_zyx, grid.voxel_volume_mm3
    ((2, 3, 4), 1.5)
    """

    size_xyz: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """Return the grid of a 3-D image."""
        x, y, z = image.GetSize()
        sx, sy, sz = image.GetSpacing()
        ox, oy, oz = image.GetOrigin()
        return cls((x, y, z), (sx, sy, sz), (ox, oy, oz), tuple(image.GetDirection()))

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Shape of an array on this grid, (z, y, x)."""
        x, y, z = self.size_xyz
        return (z, y, x)

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float]:
        """Spacing in mm in the order of an array's axes, (z, y, x)."""
        x, y, z = self.spacing_mm
        return (z, y, x)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel in mm3."""
        return float(np.prod(self.spacing_mm))

    def corners_mm(self) -> npt.NDArray[np.float64]:
        """Return the eight outermost voxel centres, shape (8, 3), LPS."""
        last = [n - 1 for n in self.size_xyz]
        return self.points_mm(np.array(list(product(*[(0, n) for n in last])), dtype=np.float64))

    def points_mm(self, index_xyz: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Return the points of indices.

        Args:
            index_xyz: Indices (x, y, z), shape (n, 3); they may lie between voxels or outside the image.

        Returns:
            Points in the world, LPS in mm, shape (n, 3).

        >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> grid.points_mm(np.array([[2.0, 0.5, 1.0]])).tolist()
        [[-9.0, 0.5, 10.0]]
        """
        return np.asarray(index_xyz @ self._steps_mm.T + np.array(self.origin_mm), dtype=np.float64)

    def index_xyz(self, points_mm: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Return the indices of points; the inverse of `points_mm`.

        Args:
            points_mm: Points in the world, LPS in mm, shape (n, 3).

        Returns:
            Indices (x, y, z), shape (n, 3), not rounded.

        >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> grid.index_xyz(np.array([[-9.0, 0.5, 10.0]])).tolist()
        [[2.0, 0.5, 1.0]]
        """
        shifted = np.asarray(points_mm - np.array(self.origin_mm), dtype=np.float64)
        return np.asarray(shifted @ np.linalg.inv(self._steps_mm).T, dtype=np.float64)

    def respaced(self, spacing_mm: tuple[float, float, float]) -> Grid:
        """Return the grid of another spacing that covers the same field of view, edge to edge to within a voxel.

        Args:
            spacing_mm: New spacing, (x, y, z).

        >>> grid = Grid((4, 4, 2), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> halved = grid.respaced((0.5, 0.5, 3.0))
        >>> halved.size_xyz, halved.origin_mm
        ((8, 8, 2), (-0.25, -0.25, 0.0))
        """
        size = [
            max(1, round(n * old / new)) for n, old, new in zip(self.size_xyz, self.spacing_mm, spacing_mm, strict=True)
        ]
        # Both fields of view have one centre, so that no axis drifts by the part of a voxel that rounding takes.
        middle = (np.array(self.size_xyz) - 1) / 2
        grid = Grid((size[0], size[1], size[2]), spacing_mm, (0.0, 0.0, 0.0), self.direction)
        to_middle = self.points_mm(middle[np.newaxis])[0] - grid.points_mm((np.array([size]) - 1) / 2)[0]
        return replace(grid, origin_mm=(float(to_middle[0]), float(to_middle[1]), float(to_middle[2])))

    def distance_mm(self, other: Grid) -> float:
        """Return the largest distance between voxels of equal index, in mm; infinite where the sizes differ.

        >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> grid.distance_mm(replace(grid, spacing_mm=(0.5, 1.0, 3.5)))  # one step along z
        0.5
        """
        if self.size_xyz != other.size_xyz:
            return float("inf")
        # The map from index to point is affine, so the largest distance is found at a corner.
        return float(np.linalg.norm(self.corners_mm() - other.corners_mm(), axis=1).max())

    def matches(self, other: Grid) -> bool:
        """Return whether both grids have the same voxel centres, within 1e-3 mm."""
        return self.distance_mm(other) <= SAME_GRID_MM

    def is_close_to(self, other: Grid) -> bool:
        """Return whether both grids have the same voxel centres, within 0.05 of the smallest spacing of either.

        Four of the fifteen public HNTS-MRG 2024 masks have direction cosines that differ from their image's by 2.4e-5,
        which moves their outermost voxels by 0.0065 mm.
        """
        return self.distance_mm(other) <= CLOSE_GRID_SHARE * min(*self.spacing_mm, *other.spacing_mm)

    def differences(self, other: Grid) -> str:
        """Return the differences from another grid in words, this one's values first; "" when they match.

        >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> grid.differences(replace(grid, size_xyz=(4, 3, 1)))
        'size (4, 3, 2) instead of (4, 3, 1)'
        """
        if self.matches(other):
            return ""
        pairs: list[tuple[str, Any, Any]] = [
            ("size", self.size_xyz, other.size_xyz),
            ("spacing", _rounded(self.spacing_mm), _rounded(other.spacing_mm)),
            ("origin", _rounded(self.origin_mm), _rounded(other.origin_mm)),
            ("direction", _rounded(self.direction), _rounded(other.direction)),
        ]
        named = [f"{name} {mine} instead of {theirs}" for name, mine, theirs in pairs if mine != theirs]
        return ", ".join(named) or f"voxel centres {self.distance_mm(other):.4g} mm apart"

    @property
    def _steps_mm(self) -> npt.NDArray[np.float64]:
        """Steps in the world along the axes of the index, in mm: a column for each axis, (3, 3)."""
        return np.asarray(np.array(self.direction).reshape(3, 3) * np.array(self.spacing_mm), dtype=np.float64)


def array_of(image: sitk.Image) -> npt.NDArray[Any]:
    """Return a copy of an image's voxels, (z, y, x).

    >>> array_of(sitk.Image([4, 3, 2], sitk.sitkUInt8)).shape
    (2, 3, 4)
    """
    return np.asarray(sitk.GetArrayFromImage(image))


def image_of(array: npt.NDArray[Any], grid: Grid) -> sitk.Image:
    """Return an image of an array (z, y, x) on its grid.

    Raises:
        ValueError: The array's shape is not the grid's.

    >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> Grid.of(image_of(np.zeros((2, 3, 4), np.uint8), grid)) == grid
    True
    """
    if array.shape != grid.shape_zyx:
        raise ValueError(f"an array on this grid must have shape {grid.shape_zyx} (z, y, x), found {array.shape}")
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction)
    return image


def as_float32(array: npt.NDArray[Any]) -> FloatArray:
    """Return numbers in 32-bit floats; those too large for it are infinite, without a warning.

    >>> as_float32(np.array([1.5, 1e300])).tolist()
    [1.5, inf]
    """
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def resample_image(
    image: sitk.Image, grid: Grid, *, transform: sitk.Transform | None = None, outside: float = 0.0
) -> sitk.Image:
    """Return an image's intensities on a grid, linearly interpolated.

    Args:
        image: Scalar image on any grid.
        grid: Grid of the result.
        transform: Transform from points of `grid` to points of `image`, as in ITK; identity when left out.
        outside: Value of voxels that lie outside `image`.

    >>> ramp = sitk.GetImageFromArray(np.array([[[0.0, 10.0, 20.0]]], np.float32))
    >>> half_a_voxel_on = replace(Grid.of(ramp), origin_mm=(0.5, 0.0, 0.0))
    >>> array_of(resample_image(ramp, half_a_voxel_on, outside=-1.0)).tolist()
    [[[5.0, 15.0, -1.0]]]
    """
    return _resample(image, grid, transform, sitk.sitkLinear, outside)


def resample_into(
    array: FloatArray, image: sitk.Image, grid: Grid, *, transform: sitk.Transform | None = None, outside: float = 0.0
) -> None:
    """Fill an array with an image's intensities on a grid, a few slices at a time: without a second volume.

    Args:
        array: Array that is filled, (z, y, x), with the values that `resample_image` would return.
        image: Scalar image on any grid.
        grid: Grid of `array`.
        transform: Transform from points of `grid` to points of `image`; identity when left out.
        outside: Value of voxels that lie outside `image`.

    Raises:
        ValueError: The array's shape is not the grid's.
    """
    if array.shape != grid.shape_zyx:
        raise ValueError(f"an array on this grid must have shape {grid.shape_zyx} (z, y, x), found {array.shape}")
    for first in range(0, len(array), _SLAB):
        slab = array[first : first + _SLAB]
        x, y, z = grid.points_mm(np.array([[0.0, 0.0, first]]))[0].tolist()
        part = replace(grid, size_xyz=(*grid.size_xyz[:2], len(slab)), origin_mm=(x, y, z))
        resampled = resample_image(image, part, transform=transform, outside=outside)
        slab[:] = sitk.GetArrayViewFromImage(resampled)  # the view does not keep the image alive: it needs a name


def resample_label_map(image: sitk.Image, grid: Grid, *, transform: sitk.Transform | None = None) -> sitk.Image:
    """Return a label map on a grid by nearest neighbour, background outside.

    Args:
        image: Label map on any grid.
        grid: Grid of the result.
        transform: Transform from points of `grid` to points of `image`, as in ITK; identity when left out.

    >>> labels = sitk.GetImageFromArray(np.array([[[1, 2, 2]]], np.uint8))
    >>> array_of(resample_label_map(labels, replace(Grid.of(labels), origin_mm=(0.8, 0.0, 0.0)))).tolist()
    [[[2, 2, 0]]]
    """
    return _resample(image, grid, transform, sitk.sitkNearestNeighbor, 0.0)


def _resample(
    image: sitk.Image, grid: Grid, transform: sitk.Transform | None, interpolator: int, outside: float
) -> sitk.Image:
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(grid.size_xyz)
    resampler.SetOutputSpacing(grid.spacing_mm)
    resampler.SetOutputOrigin(grid.origin_mm)
    resampler.SetOutputDirection(grid.direction)
    resampler.SetTransform(transform or sitk.Transform(3, sitk.sitkIdentity))
    resampler.SetInterpolator(interpolator)
    resampler.SetDefaultPixelValue(outside)
    result: sitk.Image = resampler.Execute(image)
    return result


def _rounded(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in values)


def distance_from(mask: npt.NDArray[np.bool_], grid: Grid) -> npt.NDArray[np.float64]:
    """Return the distance of each voxel from the nearest one of a mask, mm, (z, y, x); 0 inside.

    Args:
        mask: Mask, (z, y, x); every voxel is infinitely far from an empty one.
        grid: Grid of the mask.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=grid.spacing_zyx_mm))


def within_mm(mask: npt.NDArray[np.bool_], distance_mm: float, grid: Grid) -> npt.NDArray[np.bool_]:
    """Return the mask of voxels at most a distance from those of a mask, (z, y, x); empty where the mask is.

    Args:
        mask: Mask, (z, y, x).
        distance_mm: Largest distance.
        grid: Grid of the mask.
    """
    return np.asarray(distance_from(mask, grid) <= distance_mm)
