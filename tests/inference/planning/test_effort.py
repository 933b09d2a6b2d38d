"""Effort for tiles, and the sentences for what was given up of it."""

import dataclasses

import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import (
    FULL_EFFORT,
    Effort,
    EffortPlan,
    EffortSpent,
    SlabEffort,
    TileEffort,
    Turn,
)

LIMITED = Deadline(600, 0)
PLAN = EffortPlan(10.0, "for a test", 9, 0.5, 5, 8, 1.5, "networks on cpu")


def test_a_tile_gets_every_copy_from_every_fold():
    assert TileEffort(folds=5, mirrors=8).passes == 40
    assert TileEffort(folds=3, mirrors=1.5).passes == 4.5


def test_the_full_effort_is_that_of_nnunet():
    assert (FULL_EFFORT.step, FULL_EFFORT.mirroring, FULL_EFFORT.skip) == (0.5, True, "none")


def test_of_the_full_effort_nothing_was_given_up():
    assert EffortSpent(0.5, 20, 800, folds=5, mirrors=8).notes(TileEffort(5, 8), Effort(), LIMITED) == ()


def test_each_thing_that_was_given_up_has_a_sentence():
    notes = EffortSpent(0.75, 10, 45, folds=3, mirrors=1.5).notes(TileEffort(5, 8), Effort(), LIMITED)
    assert notes == (
        "Each fold saw 1.5 of 8 mirrored copies of a tile to end within 600 s.",
        "Tiles were up to 0.75 instead of 0.5 of a patch apart to end within 600 s.",
        "A tile was seen by 3 of 5 folds to end within 600 s.",
    )


@pytest.mark.parametrize(("folds", "given"), [(2249 / 450, "4.99"), (4.5, "4.5"), (1, "1")])
def test_nearly_everything_is_not_called_everything(folds, given):
    (note,) = EffortSpent(0.5, 450, 2249, folds=folds, mirrors=1).notes(TileEffort(5, 1), Effort(), LIMITED)
    assert note == f"A tile was seen by {given} of 5 folds to end within 600 s."


def test_every_fold_has_its_turn_before_any_fold_gets_the_next_copies():
    assert list(TileEffort(2, 3).turns(2)) == [Turn(0, 0, 2), Turn(1, 0, 2), Turn(0, 2, 1), Turn(1, 2, 1)]
    assert list(TileEffort(2, 3).turns()) == [Turn(0, 0, 3), Turn(1, 0, 3)]


def test_the_effort_spent_is_the_mean_over_tiles_and_the_largest_step():
    slabs = [SlabEffort(0, 0.6, [TileEffort(5, 2), TileEffort(1, 1)]), SlabEffort(4, 0.5, [TileEffort(3, 1)])]
    assert EffortSpent.on(slabs, 0.5) == EffortSpent(step=0.6, tiles=3, passes=14, folds=3, mirrors=14 / 9)


def test_before_any_tile_nothing_was_spent():
    assert EffortSpent.on([], 0.5) == EffortSpent(step=0.5, tiles=0, passes=0, folds=0, mirrors=0)


def test_plans_are_alike_where_they_do_the_same_with_every_tile():
    later = dataclasses.replace(PLAN, at_s=20.0, why="later", tiles=3, pass_s=2.0)
    assert PLAN.is_like(later)
    for change in ({"step": 0.6}, {"folds": 4}, {"mirrors": 7}, {"where": "elsewhere"}):
        assert not PLAN.is_like(dataclasses.replace(later, **change))


def test_a_plan_is_one_line_of_the_log():
    assert str(PLAN) == (
        "9 tiles, 0.5 of a patch apart, 5 folds, 8 mirrored copies, 1.5 s a pass, networks on cpu,"
        " after 10.0 s (for a test)"
    )
