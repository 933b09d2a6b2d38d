"""Label map from one mask a structure; masks may overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hnseg.errors import InputError
from hnseg.imaging.box import BoxMm
from hnseg.imaging.files.reading import read_grid, read_volume
from hnseg.imaging.geometry import Grid, LabelArray, array_of


@dataclass(frozen=True)
class Merged:
    """Label map of a patient, and the facts about the masks it was merged from.

    Attributes:
        labels: Label map (z, y, x), uint8.
        boxes: Box around each structure's own mask by name, in mm.
        missing: Structures without a file, or with an empty mask.
        overlaps: Number of voxels that the first of two structures took from the second.
    """

    labels: LabelArray
    boxes: Mapping[str, BoxMm]
    missing: tuple[str, ...]
    overlaps: Mapping[tuple[str, str], int]


def merge(masks: Mapping[str, Path], labels: Mapping[str, int], grid: Grid, *, image: Path) -> Merged:
    """Paint the masks into one label map, each over those before it.

    Args:
        masks: File of each structure by name; names of no structure were refused before.
        labels: Value of each structure, in the order of painting: large ones first, so that small ones stay whole.
        grid: Grid of the image, on which every mask must lie.
        image: File of the image, for the sentence that refuses a mask.

    Raises:
        InputError: A mask lies on another grid, or holds something else than 0 and 1.
    """
    merged = np.zeros(grid.shape_zyx, dtype=np.uint8)
    name_of = {label: name for name, label in labels.items()}
    boxes: dict[str, BoxMm] = {}
    overlaps: dict[tuple[str, str], int] = {}
    for name, label in labels.items():
        mask = read_mask(name, masks[name], grid, image=image) if name in masks else None
        if mask is None or not mask.any():
            continue
        boxes[name] = BoxMm.of(mask, grid)
        covered = np.bincount(merged[mask], minlength=1)
        overlaps |= {(name, name_of[under]): int(covered[under]) for under in np.flatnonzero(covered).tolist() if under}
        merged[mask] = label
    return Merged(merged, boxes, tuple(name for name in labels if name not in boxes), overlaps)


def read_mask(name: str, path: Path, grid: Grid, *, image: Path) -> np.ndarray:
    """Return a structure's mask, bool (z, y, x), which must lie on the grid of the image.

    Args:
        name: Name of the structure.
        path: File of the mask, which holds 0 and 1 in any voxel type.
        grid: Grid of the image.
        image: File of the image, for the sentence that refuses a mask.

    Raises:
        InputError: The mask lies on another grid, or holds something else than 0 and 1.
    """
    if not (found := read_grid(path, title=f"mask of {name}")).is_close_to(grid):
        raise InputError(
            f"The mask {path} must lie on the grid of {image.name}, but it has {found.differences(grid)}."
            " Was it drawn on the MR, or cropped to the structure when it was saved? Resample it on purpose, not here."
        )
    return array_of(read_volume(path, title=f"mask of {name}", labels={1: name})) > 0
