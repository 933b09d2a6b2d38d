import math

import numpy as np
import pytest

from hnseg_training.fitting.selection.case_dice import dice_of, mean_dice, means_over_cases

NAN = math.nan


def counts(right: list[float], too_many: list[float], missed: list[float]) -> dict:
    return {"tp_hard": np.array(right), "fp_hard": np.array(too_many), "fn_hard": np.array(missed)}


def test_the_dice_of_a_case_is_by_structure_and_undefined_where_nothing_is_there_or_predicted():
    dice = dice_of(counts([3, 0, 0], [1, 2, 0], [1, 0, 0]))
    np.testing.assert_array_equal(dice, [6 / 8, 0, NAN])


def test_patients_count_alike_whatever_their_volume():
    large, small = dice_of(counts([90], [10], [10])), dice_of(counts([0], [0], [5]))
    assert mean_dice([large, small]) == pytest.approx(0.45)  # of all voxels together it is 180 / 205


def test_undefined_values_are_left_out():
    cases = [np.array([0.5, NAN, NAN]), np.array([NAN, 0.2, NAN]), np.array([0.7, 0.4, NAN])]
    np.testing.assert_allclose(means_over_cases(cases), [0.6, 0.3, NAN])
    assert mean_dice(cases) == pytest.approx(0.45)
