"""Clicks of somebody who knows a phantom's tumours, in each form that a file of clicks may have.

One positive click lies at the deepest voxel of each lesion, one negative click off them all: near the largest lesion's
mirror image from left to right, at least 15 mm from any lesion. The far click is negative too, in the soft tissue that
is farthest from all lesions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.components import number_components
from hnseg.imaging.geometry import Grid, LabelArray, distance_from

ClickKind = Literal["platform", "named", "mm", "far"]
"""Clicks named tumor and background, as the platform has them; named by structure; the same in mm; one far away."""

_STRUCTURES = {1: "GTVp", 2: "GTVn"}
_CLEAR_MM = 15.0
_SOFT_HU = (0, 100)

Index = tuple[int, int, int]
"""Index of a voxel, (z, y, x)."""


def clicks_json(labels: LabelArray, ct: npt.NDArray[Any], grid: Grid, kind: ClickKind) -> dict[str, Any]:
    """Return the content of a file of clicks.

    Args:
        labels: Label map, (z, y, x), with one lesion or more: 1 GTVp, 2 GTVn.
        ct: CT on the same grid, (z, y, x), HU.
        grid: Grid of both.
        kind: Which clicks, and how they are written.
    """
    if kind == "far":
        clicks = [("not GTVn", _far_from_lesions(labels, ct, grid))]
    else:
        is_named = kind != "platform"
        clicks = [(name if is_named else "tumor", index) for name, index in _in_lesions(labels, grid)]
        clicks.append(("not GTVp" if is_named else "background", _beside_lesions(labels, ct, grid)))
    points = [{"name": name, "point": _point(index, grid, is_mm=kind == "mm")} for name, index in clicks]
    unit = {"unit": "mm"} if kind == "mm" else {}
    return {"points": points, "type": "Multiple points", "version": {"major": 1, "minor": 0}, **unit}


def _point(index_zyx: Index, grid: Grid, *, is_mm: bool) -> list[float]:
    """Return a point as a file has it: indices (x, y, z) of the CT, or LPS in mm."""
    index_xyz = index_zyx[::-1]
    if not is_mm:
        return list(index_xyz)
    return [round(mm, 3) for mm in grid.points_mm(np.array([index_xyz], np.float64))[0].tolist()]


def _in_lesions(labels: LabelArray, grid: Grid) -> Iterator[tuple[str, Index]]:
    """Yield the structure of each lesion and its deepest voxel."""
    for label, name in _STRUCTURES.items():
        numbered, sizes = number_components(labels == label, connectivity=18)
        for number in range(1, len(sizes)):
            depth_mm = ndimage.distance_transform_edt(np.pad(numbered == number, 1), sampling=grid.spacing_zyx_mm)
            z, y, x = (int(at) - 1 for at in np.unravel_index(int(depth_mm.argmax()), depth_mm.shape))
            yield name, (z, y, x)


def _beside_lesions(labels: LabelArray, ct: npt.NDArray[Any], grid: Grid) -> Index:
    """Return the voxel of soft tissue, off the lesions, that is nearest to the largest one's mirror image."""
    numbered, sizes = number_components(labels > 0, connectivity=18)
    z, y, x = ndimage.center_of_mass(numbered == int(sizes[1:].argmax()) + 1)
    mirrored = (z, y, labels.shape[2] - 1 - x)
    indices = np.argwhere(_is_soft(ct) & (distance_from(labels > 0, grid) >= _CLEAR_MM))
    away_mm = np.linalg.norm((indices - mirrored) * grid.spacing_zyx_mm, axis=1)
    z, y, x = indices[int(away_mm.argmin())].tolist()
    return z, y, x


def _far_from_lesions(labels: LabelArray, ct: npt.NDArray[Any], grid: Grid) -> Index:
    """Return the voxel of soft tissue that is farthest from all lesions."""
    away_mm = np.where(_is_soft(ct), distance_from(labels > 0, grid), 0)
    z, y, x = (int(at) for at in np.unravel_index(int(away_mm.argmax()), away_mm.shape))
    return z, y, x


def _is_soft(ct: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where a CT shows soft tissue all around, (z, y, x): noise makes single voxels of anything look like it."""
    return ndimage.binary_erosion((ct >= _SOFT_HU[0]) & (ct <= _SOFT_HU[1]))
