"""Measures of the structures of a label map: volume, pieces, position, outside the body or not, cut off or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.body_frame import BodyFrame, Point, body_frame_of
from hnseg.imaging.box import Box, Slices
from hnseg.imaging.components import component_sizes
from hnseg.imaging.geometry import Grid
from hnseg.records import Frozen


class StructureMeasures(Frozen):
    """Measures of one structure."""

    volume_ml: float
    """Volume; 0 where it is empty."""
    components: int
    """Number of connected pieces, through faces, edges and corners."""
    largest_part: float
    """Fraction of the volume in the largest piece; 0 where it is empty."""
    touches_border: bool
    """Whether a voxel lies in the first or the last plane of the image along any axis."""
    position_mm: Point | None
    """Position (x, y, z) of the centroid in the frame of the body: to the left and to the back from the body's middle,
    and downwards from its top, as `hnseg.imaging.body_frame` has it; None where it is empty or no body is known."""
    outside: float | None = None
    """Fraction of its voxels farther than 12 mm from the body, 0 to 1; None where it is empty or no body is known."""


_EMPTY = StructureMeasures(volume_ml=0, components=0, largest_part=0, touches_border=False, position_mm=None)
_MOST_POINTS = 5000  # of a structure, evenly drawn, of which the share outside the body is taken


def measure_structures(
    label_map: sitk.Image, labels: Mapping[int, str], *, scan: sitk.Image | None = None
) -> dict[str, StructureMeasures]:
    """Return the measures of every structure of a label map, by its name, in the order of the labels.

    Args:
        label_map: Label map with whole values of any scalar type; values that are no labels don't count.
        labels: Name of each structure by its label, 1 to 255.
        scan: Image that shows the body, in the same frame of reference, on any grid; positions are left out without.

    >>> label_map = sitk.GetImageFromArray(np.array([[[0, 1, 1, 0, 1]]], np.uint8))
    >>> label_map.SetSpacing((10.0, 10.0, 10.0))
    >>> measure_structures(label_map, {1: "GTVp"})["GTVp"].model_dump(exclude={"position_mm", "outside"})
    {'volume_ml': 3.0, 'components': 2, 'largest_part': 0.6667, 'touches_border': True}
    """
    grid, voxels = Grid.of(label_map), sitk.GetArrayViewFromImage(label_map)
    if voxels.dtype != np.uint8:
        voxels = voxels.astype(np.uint8)
    frame = None if scan is None else body_frame_of(scan)
    boxes: list[Any] = ndimage.find_objects(voxels, max_label=max(labels, default=0))
    return {
        name: _EMPTY if (box := boxes[label - 1]) is None else _measures(voxels[box] == label, box, grid, frame)
        for label, name in sorted(labels.items())
    }


def _measures(mask: npt.NDArray[Any], box: Slices, grid: Grid, frame: BodyFrame | None) -> StructureMeasures:
    """Return the measures of a structure from its voxels in the box around them."""
    sizes = component_sizes(mask, connectivity=26)
    own_grid = Box.of_slices(box).grid_in(grid)
    position = frame and frame.position_mm(_centroid_mm(mask, own_grid))
    return StructureMeasures(
        volume_ml=float(f"{sizes.sum() * grid.voxel_volume_mm3 / 1000:.4g}"),
        components=len(sizes),
        largest_part=round(float(sizes.max() / sizes.sum()), 4),
        touches_border=any(
            part.start == 0 or part.stop == size for part, size in zip(box, grid.shape_zyx, strict=True)
        ),
        position_mm=position and _rounded(position),
        outside=None if frame is None else round(frame.share_outside(_points_mm(mask, own_grid)), 3),
    )


def _points_mm(mask: npt.NDArray[Any], grid: Grid) -> npt.NDArray[np.float64]:
    """Return the centres of voxels of a mask (z, y, x), LPS in mm, (n, 3): all of few, evenly drawn ones of many."""
    voxels = np.flatnonzero(mask)
    voxels = voxels[:: -(-len(voxels) // _MOST_POINTS)]
    index_xyz = np.stack(np.unravel_index(voxels, mask.shape)[::-1], axis=1).astype(np.float64)
    return np.asarray(grid.points_mm(index_xyz))


def _centroid_mm(mask: npt.NDArray[Any], grid: Grid) -> npt.NDArray[np.float64]:
    """Return the centroid of a mask (z, y, x) on a grid, LPS in mm, shape (3,)."""
    plane = mask.sum(axis=0)  # of (y, x): once over the volume for two axes
    counts = (plane.sum(axis=0), plane.sum(axis=1), mask.sum(axis=(1, 2)))
    index_xyz = [float(count @ np.arange(len(count)) / count.sum()) for count in counts]
    return np.asarray(grid.points_mm(np.array([index_xyz]))[0])


def _rounded(point: Point) -> Point:
    x, y, z = (round(value, 1) for value in point)
    return (x, y, z)
