"""Table of structures, from counts written by hand."""

import dataclasses

import numpy as np
import pytest

from hnseg.inference.labelling.structure_table import FurtherSeen, table_of
from hnseg.inference.labelling.uncertainty_plane import PlaneCounts
from hnseg.inference.model.nnunet_plans import Dataset
from tests.support.small_ensembles import GRID

CUBE = dataclasses.replace(GRID, spacing_mm=(10.0, 10.0, 10.0))  # a voxel is 1 ml
CLASSES = Dataset(channel_names={"0": "CT"}, labels={"background": 0, "GTVp": 1})
REGIONS = Dataset(
    channel_names={"0": "CT"}, labels={"background": 0, "whole": (1, 2), "core": 2}, regions_class_order=(1, 2)
)


def counts(shared, entropy=0.0, seen_by=(0, 0, 0, 100)):
    """Return the counts of one plane: of three members and the ensemble, whose voxels are shared so."""
    both = np.array([np.zeros((4, 4)), shared], np.int64)
    return PlaneCounts(both, np.array([50.0, entropy]), np.array(seen_by))


def structure_of(*planes):
    return table_of(planes, CLASSES, CUBE, sums_in="float32").structures["GTVp"]


def test_planes_add_up_to_volumes_their_percentiles_and_dice():
    first = np.array([[4, 4, 4, 0], [4, 4, 4, 0], [4, 4, 8, 0], [0, 0, 0, 0]])
    second = np.array([[6, 6, 6, 6], [6, 6, 6, 6], [6, 6, 6, 6], [6, 6, 6, 6]])
    found = structure_of(counts(first, 1.0), counts(second, 0.5))
    assert found.volume_ml == 10
    assert (found.volume_p5_ml, found.volume_p95_ml) == pytest.approx(np.percentile([10, 14, 6], [5, 95]))
    assert found.dice_between_members == pytest.approx(np.mean([20 / 24, 12 / 16, 12 / 20]), abs=1e-4)
    assert found.mean_entropy == pytest.approx(0.15)


def test_members_that_agree_and_are_sure_need_no_look():
    found = structure_of(counts(np.full((4, 4), 20), 2.0))
    assert (found.look_at_this, found.because) == (False, ())
    assert found.dice_between_members == 1


def test_a_structure_that_no_member_finds_needs_no_look():
    found = structure_of(counts(np.zeros((4, 4))))
    assert (found.volume_ml, found.dice_between_members, found.mean_entropy) == (0, None, None)
    assert not found.look_at_this


@pytest.mark.parametrize(
    ("shared", "entropy", "reason"),
    [
        (np.full((4, 4), 12) + np.diag([8, 8, 8, 8]), 0.0, "The DSC between members is 0.60 on average"),
        (np.full((4, 4), 20), 12.0, "The mean entropy inside is 0.60, more than 0.5"),
        (np.diag([0, 0, 0, 9]), 0.0, "A member of the ensemble finds it, but the ensemble as a whole does not"),
        ([[10, 10, 10, 10], [10, 10, 10, 10], [10, 10, 26, 26], [10, 10, 26, 26]], 0.0, "members' volumes differ by"),
    ],
)
def test_each_reason_to_look_is_told(shared, entropy, reason):
    found = structure_of(counts(np.array(shared), entropy))
    assert found.look_at_this
    assert any(reason in each for each in found.because)


def test_one_member_has_no_dice_and_no_spread():
    plane = PlaneCounts(np.full((2, 2, 2), 5), np.zeros(2), np.array([0, 10]))
    table = table_of([plane], CLASSES, CUBE, sums_in="float32")
    found = table.structures["GTVp"]
    assert (found.dice_between_members, found.volume_p5_ml, found.volume_p95_ml) == (None, 5, 5)
    assert (table.members, table.members_seen, table.notes) == (1, 1, ())


def test_members_that_did_not_see_all_are_told():
    table = table_of([counts(np.zeros((4, 4)), seen_by=(100, 20, 20, 40))], CLASSES, CUBE, sums_in="float32")
    assert (table.members_seen, table.seen_by_one) == (2.25, 0.25)
    assert "seen by 2.25 of 3 members of the ensemble on average, and by only one on 25 %" in table.notes[0]


def test_half_precision_is_told():
    table = table_of([counts(np.zeros((4, 4)))], CLASSES, CUBE, sums_in="float16")
    assert "float16" in table.notes[0]


def test_regions_have_their_names_and_no_background():
    table = table_of([counts(np.full((4, 4), 7))], REGIONS, CUBE, sums_in="float32")
    assert {name: each.volume_ml for name, each in table.structures.items()} == {"whole": 0, "core": 7}


def test_members_beyond_the_folds_count_where_they_saw_half_of_the_tiles():
    shared = np.array([[10, 10, 10, 10], [10, 10, 10, 10], [10, 10, 30, 10], [10, 10, 10, 50]])
    further = (FurtherSeen("dropout", 0.5), FurtherSeen("tta", 0.1))
    found = table_of([counts(shared)], CLASSES, CUBE, sums_in="float32", further=further)
    assert (found.members, found.dropout, found.tta) == (3, 1, 1)
    assert found.structures["GTVp"].volume_p95_ml == pytest.approx(np.percentile([10, 30], 95))
    unseen = (FurtherSeen("dropout", 0.0), FurtherSeen("tta", 0.0))
    alone = table_of([counts(shared)], CLASSES, CUBE, sums_in="float32", further=unseen)
    assert (alone.members, alone.dropout, alone.tta) == (1, 0, 0)
    assert alone.structures["GTVp"].dice_between_members is None
