"""Schedule of a prediction, alone: no image, no network, and a clock that is moved by hand."""

import subprocess
import sys

import pytest

from hnseg.errors import DeadlineError
from hnseg.inference.planning.deadline import Deadline, LabelMapSize
from hnseg.inference.planning.effort import Effort, SlabEffort, TileEffort
from hnseg.inference.planning.pace import Pace
from hnseg.inference.planning.schedule import PlanesDone, Schedule
from hnseg.inference.planning.tiling import Window
from tests.support.simulated_backend import Clock

WINDOW = Window((20, 8, 8), (4, 8, 8))  # 9 tiles at half a patch, 5 at a whole one, one a slab
SIZE = LabelMapSize(planes=20, cropped_voxels=1280, voxels=1280, outputs=3)
SLAB = SlabEffort(0, 0.5)


@pytest.fixture
def clock():
    return Clock()


def schedule_of(clock, *, limit_s=1000.0, folds=5, pass_s=None, effort=None, skipped=()):
    pace = Pace(TileEffort(folds, 1), Deadline(limit_s, 0, clock))
    if pass_s is not None:
        pace.measured(pass_s, 1)
    return Schedule(
        window=WINDOW,
        effort=effort or Effort(),
        size=SIZE,
        pace=pace,
        tiles_to_predict=lambda tiling: [start for start in tiling.starts if start not in skipped],
    )


def test_it_needs_no_torch():
    program = "import sys, hnseg.inference.planning.schedule; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("pass_s", "is_worth_it"),
    [
        (1.0, False),  # 45 passes of about 860: less than a tenth of the time
        (2.5, True),  # of about 345
        (30.0, True),  # of about 29: the preview's 5 are less than a fifth
        (36.0, False),  # of about 24: they are more
    ],
)
def test_a_preview_is_for_a_case_that_takes_long_if_it_is_cheap(clock, pass_s, is_worth_it):
    assert schedule_of(clock, pass_s=pass_s).is_worth_a_preview == is_worth_it


def test_without_a_deadline_there_is_no_preview(clock):
    assert not schedule_of(clock, limit_s=float("inf"), pass_s=1.0).is_worth_a_preview


def test_a_plan_is_kept_only_where_it_changes(clock):
    schedule = schedule_of(clock, pass_s=1.0)
    left = schedule.replan(schedule.tiling, "here")
    left = schedule.replan(left.rest, "here")
    assert [(plan.tiles, plan.step, plan.folds, plan.where) for plan in schedule.plans] == [(9, 0.5, 5, "here")]
    schedule.replan(left.rest, "there")
    assert [plan.why for plan in schedule.plans] == ["the image's size, and what passes take", "what passes take now"]


def test_with_less_time_tiles_move_apart(clock):
    schedule = schedule_of(clock, pass_s=22.0)  # 39 passes with the margin: 7 tiles for 5 folds
    chosen = schedule.replan(schedule.tiling, "here")
    assert (chosen.count, schedule.pace.tiles_left) == (7, 7)
    assert schedule.plans[-1].step == 0.67  # 16 planes in 6 steps of a patch of 4, rounded up


def test_tiles_that_are_skipped_are_counted_and_get_no_time(clock):
    schedule = schedule_of(clock, effort=Effort(skip="air"), skipped=[(0, 0, 0)])
    following = schedule.replan(schedule.tiling, "here")
    assert (schedule.tiles_skipped, schedule.pace.tiles_left) == (1, 0)
    schedule.replan(following.rest, "here")
    assert (schedule.tiles_skipped, schedule.pace.tiles_left) == (1, 8)
    assert schedule.notes(is_gradual=True) == (
        "Of 20 planes 20 are those of a first look, by one fold on tiles that hardly overlap, because the case was"
        " stopped or its time was over.",
        "The networks did not see 1 tiles, as skip=air asks.",
    )


def predict_slabs(schedule, *folds):
    """Predict the first slabs of one tile, each by so many folds."""
    left = schedule.tiling
    for each in folds:
        chosen = schedule.replan(left, "here")
        schedule.tile_done(TileEffort(each, 1))
        for _ in range(chosen.finished_planes):
            schedule.plane_done()
            schedule.plane_labelled(0.0)
        left = chosen.rest


def test_the_effort_spent_is_that_of_the_tiles_whose_planes_are_done(clock):
    schedule = schedule_of(clock)
    predict_slabs(schedule, 4, 5)
    schedule.replan(schedule.tiling.rest.rest, "here")
    schedule.tile_done(TileEffort(3, 1))
    assert (schedule.effort_spent.tiles, schedule.effort_spent.passes) == (2, 9)
    assert schedule.effort_full == {"step": 0.5, "folds": 5, "mirrors": 1}


@pytest.mark.parametrize(
    ("folds", "again"),
    [
        ((4, 5, 5, 5, 5), [0, 2]),  # planes up to 4, where the first tile ends
        ((4, 4, 5, 5, 5), [0, 2, 4]),
        ((4, 5, 5, 5, 3), [0, 2]),  # the last one is not among the first
        ((5, 4, 5, 5, 5), []),
    ],
)
def test_planes_are_predicted_again_as_far_as_tiles_had_less(clock, folds, again):
    schedule = schedule_of(clock, pass_s=1.0)
    predict_slabs(schedule, *folds)
    left = schedule.begin_again()
    begun = []
    while schedule.next_again(left) is not None:
        begun.append(left.along[0][0])
        left = left.rest
    assert begun == again


def test_planes_are_predicted_again_only_as_long_as_there_is_time(clock):
    schedule = schedule_of(clock, pass_s=10.0)
    predict_slabs(schedule, 4)
    left = schedule.begin_again()
    assert schedule.next_again(left) is left
    clock.now_s = 900  # 100 s are left, of which 50 are kept
    assert schedule.next_again(left) is None  # 5 passes


def test_what_was_given_up_before_planes_were_predicted_again_is_forgotten(clock):
    schedule = schedule_of(clock, pass_s=1.0)
    predict_slabs(schedule, 4, 5, 5)
    assert schedule.effort_spent.folds < 5
    left = schedule.begin_again()
    for slab in (left, left.rest):
        chosen = schedule.next_again(slab)
        for _ in range(chosen.finished_planes):
            schedule.plane_done_again()
    assert (schedule.effort_spent.tiles, schedule.effort_spent.folds) == (3, 5)
    assert schedule.planes.again == 4


def test_much_time_is_left_only_when_every_plane_is_done(clock):
    schedule = schedule_of(clock)
    assert not schedule.has_much_time_left
    for _ in range(20):
        schedule.plane_done()
        schedule.plane_labelled(0.5)
    assert schedule.has_much_time_left
    clock.now_s = 880
    assert not schedule.has_much_time_left


def test_time_is_kept_to_label_the_planes_left_at_the_speed_of_those_done(clock):
    schedule = schedule_of(clock)
    before_s = schedule.pace.reserve_s
    schedule.plane_done()
    schedule.plane_labelled(2.0)
    assert schedule.pace.reserve_s - before_s == pytest.approx(1.1 * 19 * 2, abs=0.1)
    schedule.delivery_s = 100.0
    schedule.plane_done()
    schedule.plane_labelled(2.0)
    assert schedule.pace.reserve_s == pytest.approx(1.1 * 18 * 2 + 0.3 + 2.2 * 100 + 20)


def test_a_label_map_that_could_not_be_written_any_more_is_an_error(clock):
    schedule = schedule_of(clock)
    clock.now_s = 999
    schedule.check()
    clock.now_s = 999.8
    with pytest.raises(DeadlineError, match="over after loading and preparing"):
        schedule.check()


def test_where_it_is_known_how_long_writing_takes_that_much_is_left(clock):
    schedule = schedule_of(clock)
    schedule.delivery_s = 10.0
    clock.now_s = 988
    schedule.check()
    clock.now_s = 989
    with pytest.raises(DeadlineError):
        schedule.check()


@pytest.mark.parametrize(
    ("planes", "is_complete"),
    [
        (PlanesDone(20), False),
        (PlanesDone(20, [SLAB] * 19), False),
        (PlanesDone(20, [SLAB] * 20), True),
        (PlanesDone(20, has_preview=True), True),
    ],
)
def test_a_label_map_is_complete_with_a_preview_or_every_plane(planes, is_complete):
    assert planes.is_complete == is_complete


def test_planes_of_a_preview_and_planes_predicted_again_have_a_sentence():
    (previewed,) = PlanesDone(20, [SLAB] * 15, has_preview=True).notes(is_gradual=True)
    assert previewed.startswith("Of 20 planes 5 are those of a first look, by one fold")
    (previewed,) = PlanesDone(20, [SLAB] * 15, has_preview=True).notes(is_gradual=False)
    assert previewed.startswith("Of 20 planes 20 are those of a first look")
    (again,) = PlanesDone(20, [SLAB] * 20, again=6).notes(is_gradual=True)
    assert again == "Of 20 planes the first 6 were seen again with nothing given up."
    assert PlanesDone(20, [SLAB] * 20).notes(is_gradual=True) == ()
