"""Coverage of a volume by tiles where the time is short: what is given up, in which order."""

import dataclasses

import pytest

from hnseg.inference.planning.coverage import EffortPlan, affordable
from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.tiling import Window

LINE = Window((1, 1, 20), (1, 1, 4))  # 9 tiles at half a patch, 7 at 0.75 (0.67 apart), 5 at a whole one
FULL = TileEffort(5, 1)
PLAN = EffortPlan(10.0, "for a test", 9, 0.5, 5, 8, 1.5, "networks on cpu")


def chosen(passes, window=LINE, current=None):
    tiling = affordable(current or window.tiling(0.5), window, step=0.5, full=FULL, passes=passes)
    return tiling.count


@pytest.mark.parametrize("passes", [45, 1000, float("inf")])
def test_while_there_are_passes_for_every_fold_tiles_stay_as_close_as_was_asked_for(passes):
    assert chosen(passes) == 9


@pytest.mark.parametrize(("passes", "tiles"), [(44, 8), (40, 8), (39, 7), (35, 7)])
def test_then_tiles_move_apart_while_there_are_passes_for_every_fold(passes, tiles):
    assert chosen(passes) == tiles


@pytest.mark.parametrize(("passes", "folds"), [(28, 4), (20, 20 / 7), (7, 1)])
def test_then_folds_go_at_three_quarters_of_a_patch(passes, folds):
    assert chosen(passes) == 7
    assert passes / 7 == pytest.approx(folds)


@pytest.mark.parametrize(("passes", "tiles"), [(6.9, 6), (6, 6), (5, 5), (1, 5)])
def test_only_where_one_fold_has_no_passes_tiles_move_further_but_still_cover_everything(passes, tiles):
    assert chosen(passes) == tiles


def test_what_was_coarse_becomes_fine_again_where_there_is_time():
    assert chosen(1000, current=LINE.tiling(1.0)) == 9


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
