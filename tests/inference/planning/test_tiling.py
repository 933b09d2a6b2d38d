"""The sliding window: nnU-Net's positions and weights, and a mean that is one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window

from hnseg.inference.planning.tiling import RollingSums, Window, gaussian, pad_to_patch

pytestmark = pytest.mark.numeric


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
    assert (tiling.finished, tiling.rest.finished) == (2, 4)
    assert tiling.rest.rest.starts == ()


def test_a_2d_network_sees_every_slice():
    window = Window((3, 9, 4), (1, 6, 4), is_flat=True)
    expected = ((0, 0, 0), (0, 3, 0), (1, 0, 0), (1, 3, 0), (2, 0, 0), (2, 3, 0))
    assert window.tiling(0.5).starts == expected
    assert window.tiling(0.75).starts == expected
    assert {len(tiling.along[0]) for tiling in window.tilings(0.25, 1.0)} == {3}


def test_what_is_left_is_covered_from_a_plane_on():
    window = Window((20, 8, 8), (4, 8, 8))
    assert window.tiling(0.5, first=7).along[0] == (7, 9, 11, 12, 14, 16)
    assert window.tiling(1.0, first=16).along[0] == (16,)


def test_every_way_between_two_steps_is_told():
    window = Window((12, 8, 13), (4, 8, 4))
    ways = window.tilings(0.5, 0.75)
    assert sorted(tuple(map(len, way.along)) for way in ways) == [(z, 1, x) for z in (4, 5) for x in (4, 5, 6)]
    assert all(way.along[0][-1] == 8 and way.along[2][-1] == 9 for way in ways)
    assert [round(window.step_of(window.tiling(step)), 3) for step in (0.5, 0.75)] == [0.5, 0.75]


def test_tiles_that_are_alone_are_no_distance_apart():
    assert Window((4, 8, 4), (4, 8, 4)).step_of(Window((4, 8, 4), (4, 8, 4)).tiling(0.5)) == 0


@pytest.mark.parametrize("patch", [(8, 32, 32), (5, 7, 9), (64, 64), (1, 3, 2)])
def test_weights_are_those_of_nnunet(patch):
    expected = compute_gaussian(patch, sigma_scale=1 / 8, value_scaling_factor=10, device=torch.device("cpu"))
    weights = gaussian(patch)
    assert weights.dtype == torch.float32
    assert torch.equal(weights.reshape(patch), expected.float())
    assert weights.min() > 0


def test_what_is_smaller_than_a_patch_is_padded_with_zeros_evenly():
    volume = torch.ones(2, 3, 9, 4)
    padded, inner = pad_to_patch(volume, (4, 6, 9))
    assert padded.shape == (2, 4, 9, 9)
    assert torch.equal(padded[inner], volume)
    assert padded.sum() == volume.sum()
    assert inner == (slice(None), slice(0, 3), slice(0, 9), slice(2, 6))


def test_what_is_large_enough_is_not_copied():
    volume = torch.ones(2, 4, 9, 9)
    padded, inner = pad_to_patch(volume, (4, 6, 9))
    assert padded is volume
    assert padded[inner].shape == volume.shape


def means(window, tiling, weights, logits_of):
    """Return the planes, put together again."""
    planes = []
    outputs = len(logits_of(0))
    sums = RollingSums(outputs, window.shape[1:], weights)
    number = 0
    while tiling.along[0]:
        for start in tiling.slab.starts:
            sums.add(logits_of(number), *tiling.box(start)[1:])
            number += 1
        planes += [sums.mean(plane) for plane in range(tiling.finished)]
        sums.drop(tiling.finished)
        tiling = tiling.rest
    return torch.stack(planes, dim=1)


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 6, 8), (13, 7, 31), (9, 24, 8)])
@pytest.mark.parametrize("step", [0.1, 0.5, 1])
def test_a_constant_prediction_is_constant_everywhere(shape, step):
    value = torch.tensor([3.0, -7.0])[:, None, None, None].expand(2, 4, 6, 8)
    window = Window(shape, (4, 6, 8))
    mean = means(window, window.tiling(step), gaussian((4, 6, 8)), lambda _number: value)
    assert mean.shape == (2, *shape)
    assert torch.allclose(mean, torch.tensor([3.0, -7.0])[:, None, None, None], rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_overlapping_tiles_are_averaged_by_weight(axis):
    # Two tiles of three voxels on five: the middle voxel is the last of one and the first of the other.
    def along(length):
        return tuple(length if other == axis else 1 for other in range(3))

    window = Window(along(5), along(3))
    tiling = window.tiling(0.67)
    assert tiling.along[axis] == (0, 2)
    weights = torch.tensor([1.0, 2.0, 3.0]).reshape(along(3))
    mean = means(window, tiling, weights, lambda number: torch.full((1, *along(3)), float(number)))
    assert mean.flatten().tolist() == pytest.approx([0, 0, 1 / 4, 1, 1])


def test_planes_are_those_of_sums_over_the_whole_volume():
    shape, patch = (11, 9, 10), (4, 6, 5)
    window, weights = Window(shape, patch), gaussian(patch)
    tiling = window.tiling(0.5)
    seen = torch.randn(tiling.count, 3, *patch, generator=torch.Generator().manual_seed(0))
    total, weight = torch.zeros(3, *shape), torch.zeros(shape)
    for start, logits in zip(tiling.starts, seen, strict=True):
        total[(slice(None), *tiling.box(start))] += logits * weights
        weight[tiling.box(start)] += weights
    rounded = 8 * 2.0**-23 * seen.abs().max().item()  # at most 8 tiles overlap
    assert torch.allclose(means(window, tiling, weights, seen.__getitem__), total / weight, rtol=0, atol=rounded)


def test_sums_are_of_the_type_of_the_weights():
    window, weights = Window((9, 9, 10), (4, 6, 5)), torch.ones(4, 6, 5)
    tiling = window.tiling(0.5)
    seen = torch.randn(tiling.count, 3, 4, 6, 5, generator=torch.Generator().manual_seed(0))
    halves = means(window, tiling, weights.half(), seen.__getitem__)
    assert halves.dtype == torch.float16
    assert torch.allclose(halves.float(), means(window, tiling, weights, seen.__getitem__), atol=5e-3)


def test_sums_go_on_where_they_are_carried():
    sums = RollingSums(1, (1, 1), torch.ones(3, 1, 1).half())
    sums.add(torch.full((1, 3, 1, 1), 4.0), slice(0, 1), slice(0, 1))
    first = sums.mean(0)
    sums.drop(1)
    sums.to(torch.device("cpu"), torch.float32)
    sums.add(torch.full((1, 3, 1, 1), 8.0), slice(0, 1), slice(0, 1))
    assert first.dtype == torch.float16
    planes = [sums.mean(plane) for plane in range(3)]
    assert {plane.dtype for plane in planes} == {torch.float32}
    assert torch.stack(planes).flatten().tolist() == [6.0, 6.0, 8.0]


def test_what_no_tile_reached_has_no_logits():
    sums = RollingSums(2, (1, 4), torch.ones(1, 1, 2))
    sums.add(torch.full((2, 1, 1, 2), 3.0), slice(0, 1), slice(2, 4))
    assert sums.mean(0).tolist() == [[[0, 0, 3, 3]]] * 2


def test_a_plane_is_the_receivers_own():
    sums = RollingSums(1, (1, 1), torch.ones(2, 1, 1))
    sums.add(torch.ones(1, 2, 1, 1), slice(0, 1), slice(0, 1))
    sums.mean(0).zero_()
    assert sums.mean(0).tolist() == [[[1.0]]]
