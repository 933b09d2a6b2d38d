from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.dicom.series.alignment import aligned
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from tests.support.dicom_series import GRIDS


@pytest.mark.parametrize("name", GRIDS)
def test_every_order_and_sense_of_the_axes_comes_back(name):
    grid = replace(GRIDS[name], size_xyz=(4, 3, 5))
    labels = np.arange(60, dtype=np.uint8).reshape(grid.shape_zyx)
    image = image_of(labels, grid)
    for order, flips in product(permutations(range(3)), product([False, True], repeat=3)):
        turned = sitk.Flip(sitk.PermuteAxes(image, order), flips, False)
        np.testing.assert_array_equal(aligned(turned, grid, Path("map.mha")), labels)


def test_a_nifti_keeps_its_place(tmp_path):
    grid = GRIDS["oblique"]
    labels = np.random.default_rng(0).integers(0, 5, grid.shape_zyx).astype(np.uint8)
    sitk.WriteImage(image_of(labels, grid), str(tmp_path / "map.nii.gz"))
    read = sitk.ReadImage(str(tmp_path / "map.nii.gz"))
    np.testing.assert_array_equal(aligned(read, grid, Path("map.nii.gz")), labels)


@pytest.mark.parametrize(
    "change",
    [
        {"spacing_mm": (1.5, 1.5, 2.5)},
        {"origin_mm": (-30.0, 12.25, -107.3)},
        {"size_xyz": (40, 36, 8)},
        {"direction": (0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, 1)},
    ],
    ids=str,
)
def test_another_grid_is_refused_with_the_difference(change):
    grid = GRIDS["axial"]
    other: Grid = replace(grid, **change)
    with pytest.raises(InputError, match=f"map.mha has .*{next(iter(change)).split('_')[0]}.* instead of"):
        aligned(image_of(np.zeros(other.shape_zyx, np.uint8), other), grid, Path("map.mha"))
