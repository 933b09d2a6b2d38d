"""Passes on a group of tiles: what is told before each batch."""

import pytest

from hnseg.inference.planning.deadline import Deadline, LabelMapSize
from hnseg.inference.planning.effort import FULL_EFFORT, TileEffort
from hnseg.inference.planning.group_passes import GroupPasses
from hnseg.inference.planning.pace import Pace
from hnseg.inference.planning.schedule import PREVIEW, Schedule
from hnseg.inference.planning.tiling import Window
from tests.support.simulated_backend import Clock

FULL = TileEffort(folds=2, mirrors=4)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def schedule(clock):
    pace = Pace(FULL, Deadline(1e6, 0, clock), tiles_left=6, tiles_done=2)
    window = Window((8, 8, 8), (4, 4, 4))
    size = LabelMapSize(planes=8, cropped_voxels=512, voxels=512, outputs=2)
    return Schedule(window, FULL_EFFORT, size, pace, lambda tiling: tiling.starts)


def told_by(schedule, *, fixed=None, again=False):
    """Return what two tiles tell whose passes go through the networks two at a time."""
    told = []
    passes = GroupPasses(schedule, tiles=2, together=2, fixed=fixed, progress=told.append)
    for _ in range(2 if again else 1):
        for turn in passes.turns((fixed or FULL).turns):
            for _ in range(0, 2 * turn.count, 2):
                passes.check()
    return told


def test_each_batch_adds_its_part_of_the_group_to_the_tiles_before(schedule):
    told = told_by(schedule)
    assert [work.share for work in told] == pytest.approx([(2 + 2 * batch / 8) / 8 for batch in range(8)])
    assert [work.fold for work in told] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert {(work.tiles, work.of_tiles, work.of_folds, work.stage) for work in told} == {(2, 8, 2, "")}


def test_passes_that_are_made_again_count_from_none(schedule):
    shares = [work.share for work in told_by(schedule, again=True)]
    assert shares[8:] == shares[:8]


def test_where_time_is_short_the_group_is_expected_to_get_its_part(schedule, clock):
    schedule.pace.measured(1.0, 1)
    schedule.pace.reserve_s = 0
    schedule.pace.deadline = Deadline(30, 0, clock)  # about 27 passes for 6 tiles of 8
    expected = 2 * schedule.pace.passes_left / 6
    assert told_by(schedule)[1].share == pytest.approx((2 + 2 * 2 / expected) / 8)


def test_a_preview_counts_no_tile_and_says_what_it_is(schedule):
    told = told_by(schedule, fixed=PREVIEW)
    assert [(work.share, work.stage) for work in told] == [(0.25, "first look")]


def test_nothing_is_divided_by_no_tiles(schedule):
    schedule.pace.tiles_left = schedule.pace.tiles_done = 0
    assert {work.share for work in told_by(schedule, fixed=PREVIEW)} == {0.0}


def test_tiles_of_planes_predicted_again_say_so(schedule):
    schedule.planes.slabs.extend([None] * 8)
    assert {work.stage for work in told_by(schedule, fixed=FULL)} == {"seen again"}
