"""Measures of one structure, by hand on boxes."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from hnseg.evaluation.measures.comparison import compare_structure, is_in_reference
from hnseg.imaging.geometry import Grid

GRID = Grid((30, 20, 10), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def label_map(*boxes):
    array = np.zeros(GRID.shape_zyx, np.uint8)
    for box, label in boxes:
        array[box] = label
    return array


NEAR, FAR = np.s_[2:6, 2:8, 2:8], np.s_[2:6, 2:8, 20:26]


def test_a_shifted_box_a_missed_one_and_an_invented_one():
    reference = label_map((NEAR, 1), (np.s_[7:9, 12:17, 2:7], 1))
    shifted = np.s_[2:6, 2:8, 4:10]
    prediction = label_map((shifted, 1), (np.s_[7:9, 12:17, 20:24], 1))
    found = compare_structure(prediction, reference, 1, GRID)
    in_both, predicted, present = 4 * 6 * 4, 4 * 6 * 6 + 2 * 5 * 4, 4 * 6 * 6 + 2 * 5 * 5
    assert found["dsc"] == 2 * in_both / (predicted + present)
    assert found["false_negative_ml"] == 2 * 5 * 5 * 2 / 1000
    assert found["false_positive_ml"] == 2 * 5 * 4 * 2 / 1000
    assert 0 < found["nsd"] < 1
    assert found["hd_mm"] > 10


def test_two_millimetres_of_a_surface_are_agreement():
    reference, prediction = label_map((NEAR, 1)), label_map((np.s_[2:6, 2:8, 4:10], 1))
    assert compare_structure(prediction, reference, 1, GRID)["nsd"] == 1.0
    assert compare_structure(prediction, reference, 1, GRID)["hd_mm"] == 2.0
    assert compare_structure(label_map((np.s_[2:6, 2:8, 5:11], 1)), reference, 1, GRID)["nsd"] < 1


@pytest.mark.parametrize("is_predicted", [True, False])
def test_what_is_in_one_alone_has_dice_0_and_no_distance(is_predicted):
    one, none = label_map((NEAR, 2), (FAR, 1)), label_map((FAR, 1))
    found = compare_structure(*((one, none) if is_predicted else (none, one)), 2, GRID)
    ml = 4 * 6 * 6 * 2 / 1000
    assert (found["dsc"], found["nsd"], found["hd_mm"]) == (0, 0, inf)
    assert (found["false_positive_ml"], found["false_negative_ml"]) == ((ml, 0) if is_predicted else (0, ml))


def test_what_is_in_neither_has_no_measure():
    found = compare_structure(label_map((FAR, 1)), label_map((FAR, 1)), 2, GRID)
    assert all(isnan(found[name]) for name in ("dsc", "nsd", "hd_mm"))
    assert found["false_positive_ml"] == found["false_negative_ml"] == 0


def test_a_structure_is_in_the_reference_where_it_is_found_or_missed():
    with_it, without = label_map((NEAR, 1)), label_map()
    shifted = label_map((np.s_[2:6, 2:8, 7:13], 1))
    assert [is_in_reference(compare_structure(one, with_it, 1, GRID)) for one in (with_it, shifted, without)] == [
        True
    ] * 3
    assert [is_in_reference(compare_structure(one, without, 1, GRID)) for one in (with_it, without)] == [False] * 2
    assert not is_in_reference({"dsc": None, "false_negative_ml": 0.0})
