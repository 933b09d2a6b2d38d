"""Pace of the members beyond the folds, with a clock that is moved by hand."""

import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.further_pace import FurtherPace
from hnseg.inference.planning.pace import Pace
from tests.support.simulated_backend import Clock

FULL = TileEffort(5, 2)
KINDS = ("dropout", "tta") * 5


@pytest.fixture
def clock():
    return Clock()


def pace_of(limit_s, clock, tiles):
    pace = Pace(FULL, Deadline(limit_s, 0, clock), reserve_s=10, tiles_left=tiles)
    pace.measured(1, 1)
    return FurtherPace(pace, KINDS)


def run(further, clock, *, further_s=1.0, kept=10):
    """Let every tile have all passes of the folds, and what is allowed beyond; return how many each had."""
    counts = []
    while further.pace.tiles_left:
        for turn in further.pace.turns(1, 1):
            clock.now_s += turn.count
        further.pace.tile_done()
        counts.append(0)
        for _ in further.turns(1, kept):
            clock.now_s += further_s
            counts[-1] += 1
    return counts


def test_with_enough_time_every_tile_gets_all_of_them(clock):
    further = pace_of(1000, clock, 10)
    assert run(further, clock) == [10] * 10
    assert further.shares == (1.0,) * 10
    assert further.notes(10) == ()


def test_without_a_deadline_too(clock):
    assert run(pace_of(float("inf"), clock, 3), clock, further_s=1e9) == [10] * 3


@pytest.mark.parametrize("further_s", [1.0, 4.0])
def test_they_share_what_the_folds_leave_and_no_pass_of_a_fold_is_given_up(clock, further_s):
    further = pace_of(10 + 20 * 10 * 1.1 + 80, clock, 20)
    counts = run(further, clock, further_s=further_s)
    assert sum(counts) * further_s == pytest.approx(85, abs=25)
    assert min(counts) > 0
    assert counts[:15] == pytest.approx([4 / further_s] * 15, abs=2)
    assert clock.now_s <= 300
    assert further.shares[0] > further.shares[-1]
    assert "members beyond the folds to end within 310 s" in further.notes(10)[0]


def test_the_first_pass_is_taken_for_a_slow_one(clock):
    further = pace_of(10 + 4, clock, 1)
    further.pace.tiles_left = 0
    assert list(further.turns(1, 10)) == []


def test_where_the_folds_take_all_of_the_time_there_is_none_left(clock):
    assert pace_of(10 + 100, clock, 10).has_none_left(10)
    assert not pace_of(10 + 120, clock, 10).has_none_left(10)
    further = pace_of(50, clock, 10)
    further.is_left_out = True
    assert further.notes(0) == (
        "The 10 members beyond the folds (dropout, test-time copies) were left out to end within 50 s.",
    )


def test_those_without_memory_are_not_predicted_and_told(clock):
    further = pace_of(1000, clock, 4)
    assert run(further, clock, kept=5) == [5] * 4
    assert further.shares == (1.0,) * 5 + (0.0,) * 5
    assert further.notes(5) == ("Memory was enough for 5 of 10 members beyond the folds.",)
