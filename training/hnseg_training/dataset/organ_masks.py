"""From one mask a structure, which may overlap, to one label map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hnseg.errors import InputError
from hnseg.imaging.box import BoxMm
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, LabelArray, array_of


@dataclass(frozen=True)
class Merged:
    """What became of a patient's masks.

    Attributes:
        labels: (z, y, x), uint8.
        boxes: Around each structure's own mask, by name.
        missing: Structures without a file, or whose mask is empty.
        overlaps: Voxels that the first of two structures took from the second.
    """

    labels: LabelArray
    boxes: Mapping[str, BoxMm]
    missing: tuple[str, ...]
    overlaps: Mapping[tuple[str, str], int]


def merge(masks: Mapping[str, Path], labels: Mapping[str, int], grid: Grid, *, image: Path) -> Merged:
    """Paint the masks into one label map, each over those before it.

    Args:
        masks: The file of each structure; names that are no structure's were refused before.
        labels: Value of each structure, in the order of painting: large ones first, so that small ones stay whole.
        grid: Of the image, on which every mask must lie.
        image: The image's file, for the sentence that refuses one.

    Raises:
        InputError: A mask lies on another grid, or holds something else than 0 and 1.
    """
    merged = np.zeros(grid.shape_zyx, dtype=np.uint8)
    name_of = {label: name for name, label in labels.items()}
    boxes: dict[str, BoxMm] = {}
    overlaps: dict[tuple[str, str], int] = {}
    for name, label in labels.items():
        mask = _read_mask(name, masks[name], grid, image) if name in masks else None
        if mask is None or not mask.any():
            continue
        boxes[name] = BoxMm.of(mask, grid)
        covered = np.bincount(merged[mask], minlength=1)
        overlaps |= {(name, name_of[under]): int(covered[under]) for under in np.flatnonzero(covered).tolist() if under}
        merged[mask] = label
    return Merged(merged, boxes, tuple(name for name in labels if name not in boxes), overlaps)


def _read_mask(name: str, path: Path, grid: Grid, image: Path) -> np.ndarray:
    mask = read_volume(path, title=f"mask of {name}", labels={1: name})
    if not (found := Grid.of(mask)).matches(grid):
        raise InputError(
            f"The mask {path} must lie on the grid of {image.name}, but it has {found.differences(grid)}."
            " Was it drawn on the MR, or cropped to the structure when it was saved? Resample it on purpose, not here."
        )
    return array_of(mask) > 0
