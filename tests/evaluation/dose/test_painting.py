from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.dose.painting import DoseRule, paint_dose
from hnseg.imaging.geometry import Grid, array_of, image_of

OBLIQUE = Grid((4, 2, 1), (0.9765625, 1.1, 3.0), (-12.3, 4.56, 700.001), (0.0, -0.6, 0.8, 1.0, 0.0, 0.0, 0.0, 0.8, 0.6))
MAP = Path("map.mha")
LINEAR = DoseRule(66.0, 10.0)


def map_of(*probabilities, kind=np.float32):
    return image_of(np.array(probabilities, kind).reshape(OBLIQUE.shape_zyx), OBLIQUE)


PROBABILITIES = map_of(0, 0.005, 0.01, 0.25, 0.5, 0.75, 0.9, 1)


def test_dose_is_linear_inside_the_target_and_0_outside_on_the_maps_grid():
    painted = paint_dose(PROBABILITIES, LINEAR, path=MAP)
    assert array_of(painted.image).ravel() == pytest.approx([0, 0, 66.1, 68.5, 71, 73.5, 75, 76], abs=1e-5)
    assert painted.image.GetPixelID() == sitk.sitkFloat32
    assert Grid.of(painted.image) == OBLIQUE  # to the last bit
    assert painted.doses_gy.size == 6
    assert painted.voxel_cc == pytest.approx(0.9765625 * 1.1 * 3 / 1000)
    assert painted.left_out_cc == 0


def test_a_mask_is_the_target_and_gets_the_base_where_the_probability_is_0():
    mask = map_of(1, 1, 0, 7, 0, 0, 1, 1, kind=np.uint8)
    painted = paint_dose(PROBABILITIES, LINEAR, path=MAP, inside=mask)
    assert array_of(painted.image).ravel() == pytest.approx([66, 66.05, 0, 68.5, 0, 0, 75, 76], abs=1e-5)
    assert painted.left_out_cc == pytest.approx(2 * painted.voxel_cc)  # 0.5 and 0.75


def test_levels_rise_in_equal_steps_and_begin_at_their_thresholds():
    mask = map_of(1, 1, 1, 1, 1, 1, 1, 0, kind=np.uint8)
    rule = DoseRule(60.0, 8.0, (0.25, 0.9))  # 0.9 in float32 is below 0.9
    painted = paint_dose(PROBABILITIES, rule, path=MAP, inside=mask)
    assert array_of(painted.image).ravel().tolist() == [60, 60, 60, 64, 64, 64, 68, 0]
    assert DoseRule.in_levels(60.0, 8.0, 2) == DoseRule(60.0, 8.0, (0.5,))


@pytest.mark.parametrize(("at_least", "voxels"), [(0, 7), (0.01, 6), (0.9, 2)])
def test_a_target_begins_at_a_least_probability(at_least, voxels):
    assert paint_dose(PROBABILITIES, LINEAR, path=MAP, at_least=at_least).doses_gy.size == voxels


def test_a_binary_map_of_integers_is_one_of_probabilities():
    painted = paint_dose(map_of(0, 0, 0, 0, 0, 0, 1, 1, kind=np.uint8), LINEAR, path=MAP)
    assert array_of(painted.image).ravel().tolist() == [0, 0, 0, 0, 0, 0, 76, 76]


def test_rounding_beyond_0_and_1_is_taken_back():
    painted = paint_dose(map_of(-1e-7, 0, 0, 0, 0, 0, 0, 1.0000002), LINEAR, path=MAP)
    assert array_of(painted.image).max() == 76


@pytest.mark.parametrize(
    ("probabilities", "sentence"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 1.01), r"numbers from 0 to 1, but map\.mha goes from 0 to 1\.01\. Does it hold perc"),
        ((-0.5, 0, 0, 0, 0, 0, 0, 1), r"goes from -0\.5 to 1\."),
        ((np.nan, 0, 0, 0, 0, 0, 0, 1), r"goes from nan to nan\."),
        ((0,) * 8, r"A target must have a voxel, but none of map\.mha is of 0\.01 or more\. Was an empty prediction"),
        ((0.5,) * 8, r"A target must have an outside, but every voxel of map\.mha is of 0\.01 or more\. Is there a m"),
    ],
)
def test_what_is_no_map_of_a_target_is_refused(probabilities, sentence):
    with pytest.raises(InputError, match=sentence):
        paint_dose(map_of(*probabilities), LINEAR, path=MAP)


def test_a_mask_on_another_grid_or_without_a_voxel_is_refused():
    with pytest.raises(InputError, match=r"must lie on the grid of map\.mha, but it has size \(2, 2, 2\) instead of"):
        paint_dose(PROBABILITIES, LINEAR, path=MAP, inside=sitk.Image([2, 2, 2], sitk.sitkUInt8))
    with pytest.raises(InputError, match=r"none of map\.mha is in the mask"):
        paint_dose(PROBABILITIES, LINEAR, path=MAP, inside=map_of(*(0,) * 8))


@pytest.mark.parametrize("dose", [-1.0, float("nan"), float("inf"), 6600.0])
def test_a_dose_that_is_none_in_gray_is_refused(dose):
    with pytest.raises(InputError, match=r"The base dose must be from 0 to less than 200 Gy, found .*centigray\?"):
        DoseRule(dose, 10.0)
    with pytest.raises(InputError, match="The boost dose must be from 0 to less than 200 Gy"):
        DoseRule(66.0, dose)


@pytest.mark.parametrize(
    "thresholds", [(0.0,), (0.5, 0.5), (0.5, 0.2), (0.5, 50.0), (float("nan"),), (0.2, float("nan"))]
)
def test_thresholds_that_are_no_rising_probabilities_are_refused(thresholds):
    with pytest.raises(InputError, match=r"Thresholds must be probabilities over 0 and up to 1, each higher"):
        DoseRule(66.0, 10.0, thresholds)
