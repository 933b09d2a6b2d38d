"""Effort for tiles, and the sentences for what was given up of it."""

import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import FULL_EFFORT, Effort, EffortSpent, TileEffort

LIMITED = Deadline(600, 0)


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
