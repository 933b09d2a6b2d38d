"""Dice of each patient and its mean, worked out by hand."""

from math import isnan, nan

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor.dice import label_arrays, mean_dice, metrics_of, overlaps_of
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.overlap import Overlap
from hnseg.imaging.geometry import Grid

WHOLE, HALF, NODE = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]


def test_each_structure_overlaps_in_mm3(make_label_map):
    spacing_mm = (0.5, 1.0, 2.0)
    reference = make_label_map({1: WHOLE, 2: NODE}, spacing_mm=spacing_mm)
    pair = Pair("a", make_label_map({1: HALF}, spacing_mm=spacing_mm), reference)
    assert overlaps_of(*label_arrays(pair), Grid.of(reference)) == {
        "GTVp": Overlap(8, 0, 8, 1.0),
        "GTVn": Overlap(0, 0, 16, 1.0),
    }


def test_another_grid_is_refused(make_label_map):
    with pytest.raises(InputError, match="must lie on its reference's grid"):
        label_arrays(Pair("a", make_label_map({1: HALF}, origin_mm=(0, 0, 1)), make_label_map({1: HALF})))


@pytest.mark.parametrize(("both_empty", "dsc"), [("1", 1.0), ("0", 0.0), ("skip", nan)])
def test_two_empty_masks_have_the_dice_of_the_option(both_empty, dsc):
    assert metrics_of(Overlap(0, 0, 0, 1.0), both_empty)["dsc"] == pytest.approx(dsc, nan_ok=True)
    assert metrics_of(Overlap(0, 3, 0, 1.0), both_empty)["dsc"] == 0.0


def test_an_undefined_dice_is_left_out_of_the_mean():
    mean = mean_dice([{"dsc": 0.5}, {"dsc": nan}, {"dsc": 1.0}])
    assert mean == {"mean_dsc": 0.75, "sd_dsc": pytest.approx(0.125**0.5), "cases": 2}


def test_no_case_has_no_mean():
    mean = mean_dice([])
    assert isnan(mean["mean_dsc"])
    assert mean["cases"] == 0
