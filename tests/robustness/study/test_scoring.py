"""Scores of a label map beside the reference: boxes whose measures are counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.imaging.geometry import Grid, image_of
from hnseg.robustness.scores.record import BASELINE, Variant
from hnseg.robustness.study.scoring import score_variant

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
GRID = Grid((10, 5, 4), (1.0, 2.0, 3.0), (5.0, -7.0, 9.0), UPRIGHT)  # 200 voxels of 6 mm3
LABELS = {1: "GTVp", 2: "GTVn"}
BLUR = Variant("CT", "blur", 1)


def label_map(columns, value=1, grid=GRID):
    """Return a map with a structure of 2 x 2 voxels in some columns of x."""
    array = np.zeros(grid.shape_zyx, np.uint8)
    array[1:3, 1:3, columns] = value
    return image_of(array, grid)


def scores(found, wanted, **more):
    records = score_variant(Pair("p1", found, wanted), BLUR, LABELS, **more)
    return {record.structure: record for record in records}


def test_measures_are_those_counted_by_hand():
    score = scores(label_map(slice(3, 7)), label_map(slice(2, 6)))["GTVp"]  # 16 voxels each, 12 in both
    assert (score.case, score.variant, score.dice, score.reference_mm3) == ("p1", BLUR, 0.75, 96.0)
    assert score.measures == {
        "hd95_mm": 1.0,
        "sensitivity": 0.75,
        "specificity": pytest.approx(180 / 184),
        "accuracy": pytest.approx(192 / 200),
        "predicted_mm3": 96.0,
    }
    assert score.descriptors == {}


def test_a_structure_on_neither_side_has_no_dice_and_no_distance():
    score = scores(label_map(slice(3, 7)), label_map(slice(2, 6)))["GTVn"]
    assert math.isnan(score.dice)
    assert math.isnan(score.measures["hd95_mm"])
    assert math.isnan(score.measures["sensitivity"])
    assert (score.measures["specificity"], score.reference_mm3) == (1.0, 0.0)


@pytest.mark.parametrize("sides", [(1, 2), (2, 1)], ids=["missed", "spurious"])
def test_a_structure_on_one_side_has_dice_0_and_an_infinite_distance(sides):
    found, wanted = (label_map(slice(2, 6), value) for value in sides)
    for score in scores(found, wanted).values():
        assert (score.dice, score.measures["hd95_mm"]) == (0.0, math.inf)


def test_descriptors_belong_to_their_structure():
    found = scores(label_map([]), label_map(slice(2, 6)), descriptors={"GTVp": {"regions": 1.0}})
    assert (found["GTVp"].descriptors, found["GTVn"].descriptors) == ({"regions": 1.0}, {})


def test_a_label_map_on_another_grid_is_refused():
    elsewhere = Grid(GRID.size_xyz, GRID.spacing_mm, (6.0, -7.0, 9.0), UPRIGHT)
    with pytest.raises(InputError, match="case p1 must lie on its reference's grid"):
        scores(label_map(slice(2, 6), grid=elsewhere), label_map(slice(2, 6)))


def test_the_baseline_is_named_so():
    (record, _) = score_variant(Pair("p1", label_map([]), label_map([])), BASELINE, LABELS)
    assert record.variant.is_baseline
