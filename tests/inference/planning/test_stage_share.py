import pytest

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.stage_share import expected_voxels, first_stage_deadline, tiles_of


def at(now_s, limit_s=100.0):
    return Deadline(limit_s, 0.0, lambda: now_s)


def test_a_stage_gets_the_part_of_what_is_left_that_its_passes_need():
    assert first_stage_deadline(at(20.0), first=1, second=3).limit_s == pytest.approx(20 + 80 / 4)


def test_a_stage_gets_a_fifth_at_least():
    assert first_stage_deadline(at(20.0), first=1, second=999).limit_s == pytest.approx(20 + 16)


def test_a_time_that_is_over_leaves_none():
    assert first_stage_deadline(at(120.0), first=1, second=1).remaining_s() == 0


def test_without_a_deadline_there_is_no_part_of_it():
    never = Deadline.never()
    assert first_stage_deadline(never, first=1, second=1) is never


def test_tiles_overlap_by_half_and_cover_a_volume_smaller_than_one():
    assert tiles_of((16, 8, 5), (8, 8, 8), 0.5) == 3
    assert tiles_of((4, 16, 16), (8, 8), 1.0) == 4 * 4


def test_every_fold_and_copy_of_a_tile_counts():
    assert expected_voxels((16, 8, 8), (8, 8, 8), step=0.5, effort=TileEffort(5, 8)) == 3 * 40 * 512
