"""A real T1 MR of a head and neck, resampled after a known movement, with noise and another bias field."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image
from hnseg.imaging.registration import register_rigid
from hnseg.imaging.registration.agreement import moved
from tests.support.real_data import needs_real_data, real_data_dir

FILE = real_data_dir() / "mr_head_t1_datalad" / "t1_head_neck.nii.gz"
pytestmark = needs_real_data("mr_head_t1_datalad/t1_head_neck.nii.gz")


@pytest.fixture(scope="module")
def mr():
    return sitk.ReadImage(str(FILE), sitk.sitkFloat32)


def moved_copy(mr, seed):
    """Return the MR on another grid, 205 x 205 x 140 mm at 0.8 x 0.8 x 2 mm, and the movement between the two."""
    rng = np.random.default_rng(seed)
    centre = Grid.of(mr).corners_mm().mean(axis=0)
    truth = sitk.Euler3DTransform(
        centre.tolist(), *np.deg2rad(rng.uniform(-10, 10, 3)).tolist(), rng.uniform(-30, 30, 3).tolist()
    )
    origin = centre - (102, 102, 70 + rng.uniform(-20, 20))
    grid = Grid((256, 256, 70), (0.8, 0.8, 2.0), tuple(origin.tolist()), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    values = array_of(resample_image(mr, grid, transform=truth))
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in grid.shape_zyx), indexing="ij")
    bias = 1 + 0.25 * np.sin(2 * x + y) * np.cos(z)
    noisy = np.abs(values + rng.normal(0, 20, values.shape)) * bias
    return image_of(noisy.astype(np.float32), grid), truth


@pytest.mark.parametrize("seed", range(2))
def test_known_movement_is_found(mr, seed):
    fixed, truth = moved_copy(mr, seed)
    found = register_rigid(fixed=fixed, moving=mr)
    assert found.accepted
    body = Grid.of(fixed).points_mm(np.argwhere(array_of(fixed) > 100)[::2000, ::-1].astype(float))
    assert np.linalg.norm(moved(body, found.transform) - moved(body, truth), axis=1).max() < 0.5


def test_image_stored_upside_down_is_rejected(mr):
    fixed, _ = moved_copy(mr, 0)
    flipped = image_of(np.ascontiguousarray(np.flip(array_of(fixed), axis=0)), Grid.of(fixed))
    found = register_rigid(fixed=flipped, moving=mr)
    assert found.report.status == "rejected"
