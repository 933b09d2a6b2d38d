import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.imaging.suv import doubt_of_suv
from tests.support.figure import Figure, grid_between

HEAD_NECK = grid_between((-120, -120, -300), (120, 120, 20), (6, 6, 6))
WHOLE_BODY = grid_between((-260, -180, -1000), (260, 220, 60), (10, 10, 10))
LOW_DOSE_BQ_ML = 1100.0  # of 1 SUV: 2 MBq a kg, 95 minutes after the injection


def pet_of(suv):
    return sitk.GetImageFromArray(suv.astype(np.float32))


@pytest.mark.parametrize("grid", [HEAD_NECK, WHOLE_BODY], ids=["head and neck", "whole body"])
def test_suv_raises_no_doubt(grid):
    assert doubt_of_suv(Figure().pet(grid)) is None


@pytest.mark.parametrize("brain_suv", [1.5, 15.0])
def test_nor_does_a_scan_of_a_brain_alone(brain_suv):
    suv = array_of(Figure(brain_suv=brain_suv).pet(grid_between((-50, -60, -100), (50, 60, -50), (5, 5, 5))))
    suv[0, 0, 0] = 3
    assert doubt_of_suv(pet_of(suv)) is None


def test_nor_does_the_noise_around_zero_that_filtered_back_projection_leaves_in_the_air():
    suv = array_of(Figure().pet(WHOLE_BODY))
    noisy = suv + np.random.default_rng(0).normal(0, 0.1, suv.shape)
    assert (noisy < 0).mean() > 0.3
    assert doubt_of_suv(pet_of(noisy)) is None


@pytest.mark.parametrize("grid", [HEAD_NECK, WHOLE_BODY], ids=["head and neck", "whole body"])
@pytest.mark.parametrize("bq_ml", [LOW_DOSE_BQ_ML, 5000.0])
@pytest.mark.parametrize("voxel_type", [sitk.sitkFloat32, sitk.sitkInt32], ids=["float", "integer"])
def test_activity_per_volume_is_recognised_by_its_background(grid, bq_ml, voxel_type):
    doubt = doubt_of_suv(sitk.Cast(Figure().pet(grid) * bq_ml, voxel_type))
    assert doubt.unit == "activity"
    assert f"a background of {0.6 * bq_ml:.3g} and a maximum of {(60 if grid is WHOLE_BODY else 7) * bq_ml:.4g}" == (
        doubt.found
    )
    assert doubt.question == "Is it in Bq/ml, or was it stored without its rescale slope?"


def test_activity_is_recognised_by_its_maximum_where_little_of_the_image_is_body():
    activity = np.zeros((40, 40, 40))
    activity[20:22, 20:24, 20:24] = 9000  # 0.05 % of the voxels
    assert doubt_of_suv(pet_of(activity)).unit == "activity"


def test_an_image_scaled_from_0_to_1_is_recognised_by_its_maximum():
    pet = Figure().pet(HEAD_NECK)
    doubt = doubt_of_suv(pet / 7.0)
    assert (doubt.unit, doubt.found) == ("scaled", "no value above 1")
    assert "Was it normalised to the range from 0 to 1?" in doubt.question


def test_z_scores_are_recognised_by_their_negative_half():
    suv = array_of(Figure().pet(HEAD_NECK))
    doubt = doubt_of_suv(pet_of((suv - suv.mean()) / suv.std()))
    assert doubt.unit == "signed"
    assert doubt.found.startswith("values from -0.376 to 3.268, ")
    assert doubt.found.endswith("of which the negative ones sum to 100% of the positive ones")


def test_values_below_zero_alone_are_no_suv():
    assert "sum to all of the positive ones" in doubt_of_suv(pet_of(np.linspace(-9, 0, 64).reshape(4, 4, 4))).found


def test_a_ct_is_no_suv():
    assert doubt_of_suv(Figure().ct(HEAD_NECK)).unit == "signed"
