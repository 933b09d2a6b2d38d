"""Time, with a clock that is moved by hand."""

import time

import pytest

from hnseg.errors import DeadlineError
from hnseg.inference.planning.deadline import Deadline, Effort, EffortSpent, Pace, Share, reserve_s


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def run(pace, clock, tiles, pass_s):
    """Let every tile take what it is given; return the shares."""
    shares = []
    pace.tiles_left = tiles
    while pace.tiles_left:
        allowance, passes, started_s = pace.allowance(1), 1, clock.now_s
        clock.now_s += pass_s
        while passes < pace.full.passes and allowance.may_go_on(1):
            clock.now_s += pass_s
            passes += 1
        folds = min(passes, pace.full.folds)
        shares.append(Share(folds, passes / folds))
        pace.gave(shares[-1])
        pace.measured(clock.now_s - started_s, passes)
    return shares


def test_a_deadline_counts_from_its_start(clock):
    deadline = Deadline(100, 10, clock)
    clock.now_s = 30
    assert deadline.remaining_s() == 80


def test_a_deadline_can_count_from_the_start_of_the_process():
    remaining_s = Deadline.from_process_start(1000).remaining_s()
    assert 0 < remaining_s < 1000 - time.process_time() / 64  # imports have taken time already


def test_there_may_be_no_deadline():
    assert Deadline.never().remaining_s() == float("inf")
    Deadline.never().check("anything")


def test_time_over_is_told_in_a_sentence(clock):
    deadline = Deadline(100, 0, clock)
    deadline.check("nothing", keep_s=99)
    clock.now_s = 100
    with pytest.raises(
        DeadlineError, match=r"The case must end within 100 s, but they were over after 3 of 27 tiles\."
    ):
        deadline.check("3 of 27 tiles")
    clock.now_s = 90
    deadline.check("3 of 27 tiles", keep_s=9)
    with pytest.raises(DeadlineError):
        deadline.check("3 of 27 tiles", keep_s=10)


def test_with_plenty_of_time_every_tile_gets_everything(clock):
    pace = Pace(Share(5, 8), Deadline(10_000, 0, clock), reserve_s=50)
    pace.measured(1, 1)
    assert run(pace, clock, tiles=20, pass_s=1) == [Share(5, 8)] * 20
    assert pace.spent(0.5).notes(pace.full, Effort(), pace.deadline) == ()


def test_without_a_measurement_or_a_deadline_every_tile_gets_everything(clock):
    pace = Pace(Share(5, 8), Deadline(float("inf"), 0, clock), reserve_s=0)
    pace.measured(1e9, 1)
    pace.tiles_left = 1000
    assert pace.share == Share(5, 8)


@pytest.mark.parametrize(
    ("seconds", "share"),
    [
        (1.1 * 400, Share(5, 8)),  # 10 tiles, 1.1 s with the margin for each of 40 passes
        (1.1 * 399, Share(5, 7)),
        (1.1 * 250, Share(5, 5)),
        (1.1 * 99, Share(5, 1)),
        (1.1 * 50, Share(5, 1)),
        (1.1 * 49, Share(4, 1)),
        (1.1 * 20, Share(2, 1)),
        (1.1 * 5, Share(1, 1)),
        (0, Share(1, 1)),
    ],
)
def test_mirrors_go_first_then_folds_but_never_the_last(clock, seconds, share):
    pace = Pace(Share(5, 8), Deadline(seconds + 30 + 1e-6, 0, clock), reserve_s=30)
    pace.measured(1, 1)
    pace.tiles_left = 10
    assert pace.share == share


@pytest.mark.parametrize("limit_s", [120, 200, 400, 700])
def test_the_case_ends_in_time_and_uses_most_of_it(clock, limit_s):
    pace = Pace(Share(5, 8), Deadline(limit_s, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    run(pace, clock, tiles=20, pass_s=1)
    assert clock.now_s <= limit_s - 20
    assert clock.now_s >= 0.95 * (limit_s - 20)


def test_it_still_ends_in_time_when_the_machine_becomes_three_times_slower(clock):
    pace = Pace(Share(5, 8), Deadline(500, 0, clock), reserve_s=20)
    pace.measured(1, 1)
    run(pace, clock, tiles=10, pass_s=0.5)
    run(pace, clock, tiles=30, pass_s=1.5)
    assert clock.now_s <= 500 - 20


def test_what_was_given_up_is_said(clock):
    pace = Pace(Share(5, 8), Deadline(62, 0, clock), reserve_s=2)
    pace.measured(1, 1)
    run(pace, clock, tiles=20, pass_s=1)
    spent = pace.spent(0.75)
    assert spent.tiles == 20
    assert spent.passes == clock.now_s
    mirrors, step, folds = spent.notes(pace.full, Effort(), pace.deadline)
    assert mirrors == "Each fold saw 1 of 8 mirrored copies of a tile to end within 62 s."
    assert step == "Tiles were up to 0.75 instead of 0.5 of a patch apart to end within 62 s."
    assert folds == f"A tile was seen by {spent.folds:g} of 5 folds to end within 62 s."
    assert 2 <= spent.folds < 3  # 60 s for 20 tiles, less a margin


def test_what_was_nearly_all_is_not_called_all():
    (folds,) = EffortSpent(0.5, 450, 2249, folds=2249 / 450, mirrors=1).notes(Share(5, 1), Effort(), Deadline(600, 0))
    assert folds == "A tile was seen by 4.99 of 5 folds to end within 600 s."


def test_time_is_kept_for_the_label_map_and_what_follows(clock):
    nothing, small, large = (
        reserve_s(Deadline(1200, 0, clock), voxels=voxels, outputs=31, of=voxels) for voxels in (0, 10**6, 2 * 10**8)
    )
    assert nothing == pytest.approx(60.3)  # a twentieth of the limit, and to end
    assert 60.3 < small < 61
    assert large > 60 + 10  # a case of 1024 x 1024 x 202 voxels takes up to 8 s to label, and 1.3 s to write


def test_what_follows_the_label_map_is_kept_by_how_long_it_took(clock):
    given = {"voxels": 0, "outputs": 31, "of": 10**8}
    unknown, quick, slow = (reserve_s(Deadline(100, 0, clock), **given, following_s=took) for took in (None, 0.5, 20.0))
    assert quick < unknown < slow
    assert slow > 40
