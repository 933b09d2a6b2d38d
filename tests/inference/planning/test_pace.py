"""Pace of passes, with a clock that is moved by hand."""

from itertools import islice

import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.pace import Pace
from tests.support.simulated_backend import Clock

FULL = TileEffort(5, 8)


@pytest.fixture
def clock():
    return Clock()


def run(pace, clock, tiles, pass_s):
    """Let every tile take what it is allowed; return the effort of each."""
    efforts = []
    pace.tiles_left = tiles
    while pace.tiles_left:
        started_s, folds, passes = clock.now_s, 0, 0
        for turn in pace.turns(1, 1):
            clock.now_s += pass_s * turn.count
            folds, passes = max(folds, turn.fold + 1), passes + turn.count
        efforts.append(TileEffort(folds, passes / folds))
        pace.tile_done()
        pace.measured(clock.now_s - started_s, passes)
    return efforts


def test_with_enough_time_every_tile_gets_everything(clock):
    pace = Pace(FULL, Deadline(10_000, 0, clock), reserve_s=50)
    pace.measured(1, 1)
    assert run(pace, clock, tiles=20, pass_s=1) == [FULL] * 20


def test_without_a_measurement_or_a_deadline_every_tile_gets_everything(clock):
    pace = Pace(FULL, Deadline(float("inf"), 0, clock), reserve_s=0)
    pace.measured(1e9, 1)
    pace.tiles_left = 1000
    assert pace.passes_left == float("inf")
    assert list(pace.turns(1, 1)) == list(FULL.turns())


@pytest.mark.parametrize(
    ("seconds", "effort"),
    [
        (400, TileEffort(5, 8)),  # for 10 tiles of up to 40 passes
        (250, TileEffort(5, 5)),
        (90, TileEffort(5, 9 / 5)),
        (50, TileEffort(5, 1)),
        (40, TileEffort(4, 1)),
        (20, TileEffort(2, 1)),
        (0, TileEffort(1, 1)),
    ],
)
def test_mirrors_go_first_then_folds_but_never_the_last(clock, seconds, effort):
    pace = Pace(FULL, Deadline(seconds + 30 + 1e-6, 0, clock), reserve_s=30)
    pace.measured(1, 1)
    first, *_ = run(pace, clock, tiles=10, pass_s=1)
    assert first == effort


def test_passes_that_a_queue_still_holds_count_as_gone(clock):
    pace = Pace(FULL, Deadline(130, 0, clock), reserve_s=30, tiles_left=10)
    pace.measured(1, 1)
    turns = 0
    for turn in pace.turns(1, 1):
        clock.now_s += turn.count * (turns > 0)  # the first ends while the second is launched
        turns += 1
    assert turns == 10


@pytest.mark.parametrize("limit_s", [120, 200, 400, 700])
def test_the_case_ends_in_time_and_uses_most_of_it(clock, limit_s):
    pace = Pace(FULL, Deadline(limit_s, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    run(pace, clock, tiles=20, pass_s=1)
    assert clock.now_s <= limit_s - 20
    assert clock.now_s >= 0.95 * (limit_s - 20)


def test_it_still_ends_in_time_when_the_machine_becomes_three_times_slower(clock):
    pace = Pace(FULL, Deadline(500, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    run(pace, clock, tiles=10, pass_s=0.5)
    run(pace, clock, tiles=30, pass_s=1.5)
    assert clock.now_s <= 500 - 20


def test_the_work_done_is_counted_in_tiles(clock):
    pace = Pace(FULL, Deadline(62, 0, clock), tiles_left=3)
    assert pace.done == "loading and preparing"
    pace.tile_done()
    assert pace.done == "1 of 3 tiles"


@pytest.mark.parametrize(("passes", "fits"), [(1, True), (9, True), (10, False)])
def test_one_pass_may_be_half_as_long_again(clock, passes, fits):
    pace = Pace(FULL, Deadline(30, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    assert pace.has_time_for(passes) == fits  # 9 passes take up to 8 + 1.5 s


def test_every_fold_comes_once_before_mirrored_copies_where_time_is_short(clock):
    pace = Pace(FULL, Deadline(10_000, 0, clock), tiles_left=10)
    pace.measured(1, 1)
    assert [(turn.fold, turn.count) for turn in islice(pace.turns(1, 2), 2)] == [(0, 8), (1, 8)]
    pace.tiles_left = 1000
    assert [(turn.fold, turn.count) for turn in islice(pace.turns(1, 2), 2)] == [(0, 2), (1, 2)]
    assert [turn.count for turn in islice(pace.turns(2, 2), 2)] == [1, 1]
