"""Pace of passes, with a clock that is moved by hand."""

import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort, TileEffort
from hnseg.inference.planning.pace import Allowance, Pace
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
        allowance, passes, started_s = pace.allowance(1), 1, clock.now_s
        clock.now_s += pass_s
        while passes < pace.full.passes and allowance.may_go_on(1):
            clock.now_s += pass_s
            passes += 1
        folds = min(passes, pace.full.folds)
        efforts.append(TileEffort(folds, passes / folds))
        pace.spend(efforts[-1])
        pace.measured(clock.now_s - started_s, passes)
    return efforts


def test_with_enough_time_every_tile_gets_everything(clock):
    pace = Pace(FULL, Deadline(10_000, 0, clock), reserve_s=50)
    pace.measured(1, 1)
    assert run(pace, clock, tiles=20, pass_s=1) == [FULL] * 20
    assert pace.spent(0.5).notes(pace.full, Effort(), pace.deadline) == ()


def test_without_a_measurement_or_a_deadline_every_tile_gets_everything(clock):
    pace = Pace(FULL, Deadline(float("inf"), 0, clock), reserve_s=0)
    pace.measured(1e9, 1)
    pace.tiles_left = 1000
    assert pace.next_effort == FULL
    assert pace.allowance(1) == Allowance(FULL)
    assert pace.allowance(1).may_go_on(10**9)


@pytest.mark.parametrize(
    ("seconds", "effort"),
    [
        (1.1 * 400, TileEffort(5, 8)),  # 10 tiles, 1.1 s with the margin for each of 40 passes
        (1.1 * 399, TileEffort(5, 7)),
        (1.1 * 250, TileEffort(5, 5)),
        (1.1 * 99, TileEffort(5, 1)),
        (1.1 * 50, TileEffort(5, 1)),
        (1.1 * 49, TileEffort(4, 1)),
        (1.1 * 20, TileEffort(2, 1)),
        (1.1 * 5, TileEffort(1, 1)),
        (0, TileEffort(1, 1)),
    ],
)
def test_mirrors_go_first_then_folds_but_never_the_last(clock, seconds, effort):
    pace = Pace(FULL, Deadline(seconds + 30 + 1e-6, 0, clock), reserve_s=30)
    pace.measured(1, 1)
    pace.tiles_left = 10
    assert pace.next_effort == effort


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


def test_the_effort_spent_is_the_mean_over_tiles(clock):
    pace = Pace(FULL, Deadline(62, 0, clock), reserve_s=2)
    pace.measured(1, 1)
    run(pace, clock, tiles=20, pass_s=1)
    spent = pace.spent(0.75)
    assert spent.tiles == 20
    assert spent.passes == clock.now_s
    assert 2 <= spent.folds < 3  # 60 s for 20 tiles, less a margin
    mirrors, step, folds = spent.notes(pace.full, Effort(), pace.deadline)
    assert mirrors == "Each fold saw 1 of 8 mirrored copies of a tile to end within 62 s."
    assert step == "Tiles were up to 0.75 instead of 0.5 of a patch apart to end within 62 s."
    assert folds == f"A tile was seen by {spent.folds:g} of 5 folds to end within 62 s."


def test_before_any_tile_nothing_was_spent(clock):
    spent = Pace(FULL, Deadline(62, 0, clock)).spent(0.5)
    assert (spent.tiles, spent.passes, spent.folds, spent.mirrors) == (0, 0, 0, 0)


def test_the_work_done_is_counted_in_tiles(clock):
    pace = Pace(FULL, Deadline(62, 0, clock), tiles_left=3)
    assert pace.done == "loading and preparing"
    pace.spend(FULL)
    assert pace.done == "1 of 3 tiles"


@pytest.mark.parametrize(("passes", "fits"), [(1, True), (9, True), (10, False)])
def test_one_pass_may_be_half_as_long_again(clock, passes, fits):
    pace = Pace(FULL, Deadline(30, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    assert pace.has_time_for(passes) == fits  # 9 passes take up to 8 + 1.5 s


def test_every_fold_comes_once_before_mirrored_copies_where_time_is_short(clock):
    pace = Pace(FULL, Deadline(10_000, 0, clock), tiles_left=10)
    pace.measured(1, 1)
    assert not pace.in_rounds
    pace.tiles_left = 1000
    assert pace.in_rounds
