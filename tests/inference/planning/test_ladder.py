"""Ladder of efforts for a volume: what is given up where the time is short, and in which order."""

from itertools import pairwise

import pytest

from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.ladder import Ladder
from hnseg.inference.planning.tiling import Window

WINDOW = Window((1, 1, 20), (1, 1, 4))  # 9 tiles at half a patch, 7 at 0.75 (0.67 apart), 5 at a whole one
LADDER = Ladder(WINDOW, 0.5, TileEffort(5, 8))


def test_mirrors_go_first_then_overlap_then_folds_then_the_rest_of_the_overlap():
    rungs = [(rung.tiling.count, rung.step, rung.effort.folds, rung.effort.mirrors) for rung in LADDER.rungs()]
    assert rungs == [
        *((9, 0.5, 5, mirrors) for mirrors in (8, 7, 6, 5, 4, 3, 2, 1)),
        (8, 0.58, 5, 1),
        (7, 0.67, 5, 1),
        *((7, 0.67, folds, 1) for folds in (4, 3, 2, 1)),
        (6, 0.8, 1, 1),
        (5, 1.0, 1, 1),
    ]


@pytest.mark.parametrize("window", [WINDOW, Window((20, 30, 30), (4, 8, 8)), Window((4, 8, 8), (4, 8, 8))])
@pytest.mark.parametrize("step", [0.3, 0.5, 0.8, 1.0])
def test_every_rung_takes_fewer_passes_and_none_lies_closer_than_was_asked_for(window, step):
    rungs = Ladder(window, step, TileEffort(5, 8)).rungs()
    assert all(above.passes > below.passes for above, below in pairwise(rungs))
    assert all(step <= rung.step <= 1 for rung in rungs)
    assert rungs[-1].passes == window.tiling(1.0).count


@pytest.mark.parametrize(
    ("passes", "taken"), [(float("inf"), 360), (360, 360), (359, 315), (44, 40), (34, 28), (6.9, 6), (1, 5)]
)
def test_the_highest_rung_is_taken_that_there_are_passes_for_and_the_lowest_in_any_case(passes, taken):
    assert LADDER.highest(passes).passes == taken


def test_with_nothing_given_up_the_rest_of_a_volume_keeps_its_tiles():
    window = Window((15, 8, 8), (5, 8, 8))  # half a patch is no whole number of voxels
    ladder = Ladder(window, 0.5, TileEffort(5, 8))
    whole = ladder.highest(float("inf")).tiling
    rest = ladder.highest(float("inf"), whole.along[0][1])
    assert rest.tiling == whole.rest
    assert rest.step == 0.5
