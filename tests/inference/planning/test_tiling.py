"""Tiles of the sliding window: nnU-Net's positions, slab by slab."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

from hnseg.inference.planning.tiling import Window, patch_around


@settings(deadline=None)  # the first call takes as long as the machine is busy
@given(st.integers(1, 200), st.integers(0, 300), st.sampled_from([0.25, 0.5, 0.6, 0.75, 1.0]))
def test_tiles_lie_where_nnunet_puts_them(size, more, step):
    expected = compute_steps_for_sliding_window((size + more, 1, 1), (size, 1, 1), step)[0]
    assert list(Window((size + more, 1, 1), (size, 1, 1)).tiling(step).along[0]) == expected


def test_tiles_come_slab_by_slab():
    tiling = Window((6, 4, 9), (4, 4, 6)).tiling(0.5)
    assert tiling.starts == tuple((z, 0, x) for z in (0, 2) for x in (0, 3))
    assert tiling.count == 4
    assert tiling.slab.starts == ((0, 0, 0), (0, 0, 3))
    assert tiling.rest.starts == ((2, 0, 0), (2, 0, 3))
    assert (tiling.finished_planes, tiling.rest.finished_planes) == (2, 4)
    assert tiling.rest.rest.starts == ()


def test_a_2d_network_predicts_every_slice():
    window = Window((3, 9, 4), (1, 6, 4), is_flat=True)
    expected = ((0, 0, 0), (0, 3, 0), (1, 0, 0), (1, 3, 0), (2, 0, 0), (2, 3, 0))
    assert window.tiling(0.5).starts == expected
    assert window.tiling(0.75).starts == expected
    assert {len(tiling.along[0]) for tiling in window.tilings(0.25, 1.0)} == {3}


def test_what_is_left_is_covered_from_a_plane_on():
    window = Window((20, 8, 8), (4, 8, 8))
    assert window.tiling(0.5, first=7).along[0] == (7, 9, 11, 12, 14, 16)
    assert window.tiling(1.0, first=16).along[0] == (16,)


def test_what_is_left_after_a_slab_keeps_the_tiles_of_the_whole_volume():
    window = Window((15, 8, 8), (5, 8, 8))
    whole = window.tiling(0.5)
    assert whole.along[0] == (0, 2, 5, 8, 10)
    assert window.tiling(0.5, first=2) == whole.rest


def test_every_tiling_between_two_steps_is_given():
    window = Window((12, 8, 13), (4, 8, 4))
    tilings = window.tilings(0.5, 0.75)
    assert sorted(tuple(map(len, tiling.along)) for tiling in tilings) == [(z, 1, x) for z in (4, 5) for x in (4, 5, 6)]
    assert all(tiling.along[0][-1] == 8 and tiling.along[2][-1] == 9 for tiling in tilings)
    assert [round(window.step_of(window.tiling(step)), 3) for step in (0.5, 0.75)] == [0.5, 0.75]


def test_tiles_that_are_alone_are_no_distance_apart():
    assert Window((4, 8, 4), (4, 8, 4)).step_of(Window((4, 8, 4), (4, 8, 4)).tiling(0.5)) == 0


@pytest.mark.parametrize(
    ("index", "first"), [((5, 5, 5), (3, 3, 3)), ((-3, 0, 1), (0, 0, 0)), ((9, 30, 19), (6, 16, 16))]
)
def test_a_patch_around_a_voxel_is_centred_and_lies_inside(index, first):
    box = patch_around(index, (4, 4, 4), (10, 20, 20))
    assert tuple(part.start for part in box) == first
    assert all(part.stop - part.start == 4 for part in box)
