from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.dataset.organ_masks import merge

GRID = Grid((4, 3, 2), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {"large": 7, "small": 2, "absent": 3}  # in the order of painting
CT = Path("ct.nrrd")


def write(folder: Path, name: str, voxels, grid: Grid = GRID) -> Path:
    """Write a mask that is 1 at these voxels, (z, y, x)."""
    mask = np.zeros(grid.shape_zyx, np.uint8)
    for voxel in voxels:
        mask[voxel] = 1
    sitk.WriteImage(image_of(mask, grid), str(folder / f"{name}.nrrd"))
    return folder / f"{name}.nrrd"


def test_later_masks_are_painted_over_earlier_ones_and_overlaps_are_counted(tmp_path):
    masks = {
        "large": write(tmp_path, "large", [(0, 0, 0), (0, 0, 1), (0, 0, 2)]),
        "small": write(tmp_path, "small", [(0, 0, 2), (0, 0, 3)]),
    }
    merged = merge(masks, LABELS, GRID, image=CT)
    assert merged.labels[0, 0].tolist() == [7, 7, 2, 2]
    assert np.count_nonzero(merged.labels) == 4
    assert merged.overlaps == {("small", "large"): 1}
    assert merged.missing == ("absent",)


def test_boxes_are_those_of_each_mask_alone_in_mm(tmp_path):
    masks = {
        "large": write(tmp_path, "large", [(0, 0, 0), (1, 2, 3)]),
        "small": write(tmp_path, "small", [(1, 2, 3)]),
    }
    boxes = merge(masks, LABELS, GRID, image=CT).boxes
    assert (boxes["large"].low_mm, boxes["large"].high_mm) == ((10, 20, 30), (13, 24, 33))
    assert boxes["small"].low_mm == boxes["small"].high_mm == (13, 24, 33)


def test_an_empty_mask_is_missing(tmp_path):
    merged = merge({"small": write(tmp_path, "small", [])}, LABELS, GRID, image=CT)
    assert merged.missing == ("large", "small", "absent")
    assert not merged.labels.any()


def test_a_mask_on_another_grid_is_refused(tmp_path):
    other = Grid(GRID.size_xyz, (1.0, 2.0, 3.5), GRID.origin_mm, GRID.direction)
    path = write(tmp_path, "small", [(0, 0, 0)], other)
    with pytest.raises(InputError, match=r"small\.nrrd must lie on the grid of ct\.nrrd, but it has spacing"):
        merge({"small": path}, LABELS, GRID, image=CT)
