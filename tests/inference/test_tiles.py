"""The sliding window: nnU-Net's positions and weights, and a mean that is one."""

import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window

from hnseg.inference.tiles import gaussian, mean_planes, pad_to_patch, tile


@settings(deadline=None)  # the first call takes as long as the machine is busy
@given(st.integers(1, 200), st.integers(0, 300), st.sampled_from([0.25, 0.5, 0.6, 0.75, 1.0]))
def test_tiles_lie_where_nnunet_puts_them(size, more, step):
    expected = compute_steps_for_sliding_window((size + more, 1, 1), (size, 1, 1), step)[0]
    assert [start for start, _, _ in tile((size + more, 1, 1), (size, 1, 1), step).starts] == expected


def test_tiles_come_slab_by_slab():
    starts = tile((6, 4, 9), (4, 4, 6), 0.5).starts
    assert starts == tuple((z, 0, x) for z in (0, 2) for x in (0, 3))


def test_a_2d_network_sees_every_slice():
    tiling = tile((3, 9, 4), (6, 4), 0.5)
    assert tiling.patch == (1, 6, 4)
    assert tiling.starts == ((0, 0, 0), (0, 3, 0), (1, 0, 0), (1, 3, 0), (2, 0, 0), (2, 3, 0))


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


def test_tiles_are_told_slab_by_slab():
    assert tile((6, 4, 9), (4, 4, 6), 0.5).slabs == [range(2), range(2, 4)]
    assert tile((3, 9, 4), (6, 4), 0.5).slabs == [range(2), range(2, 4), range(4, 6)]


def means(shape, tiling, weights, logits_of):
    """Return the planes, put together again."""
    return torch.stack(list(mean_planes(shape, tiling, weights, lambda slab: map(logits_of, slab))), dim=1)


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 6, 8), (13, 7, 31), (9, 24, 8)])
@pytest.mark.parametrize("step", [0.1, 0.5, 1])
def test_a_constant_prediction_is_constant_everywhere(shape, step):
    value = torch.tensor([3.0, -7.0])[:, None, None, None].expand(2, 4, 6, 8)
    mean = means((2, *shape), tile(shape, (4, 6, 8), step), gaussian((4, 6, 8)), lambda _number: value)
    assert mean.shape == (2, *shape)
    assert torch.allclose(mean, torch.tensor([3.0, -7.0])[:, None, None, None], rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_overlapping_tiles_are_averaged_by_weight(axis):
    # Two tiles of three voxels on five: the middle voxel is the last of one and the first of the other.
    def along(length):
        return tuple(length if other == axis else 1 for other in range(3))

    tiling = tile(along(5), along(3), 0.67)
    assert [start[axis] for start in tiling.starts] == [0, 2]
    weights = torch.tensor([1.0, 2.0, 3.0]).reshape(along(3))
    mean = means((1, *along(5)), tiling, weights, lambda number: torch.full((1, *along(3)), float(number)))
    assert mean.flatten().tolist() == pytest.approx([0, 0, 1 / 4, 1, 1])


def test_planes_are_those_of_sums_over_the_whole_volume():
    shape, patch = (11, 9, 10), (4, 6, 5)
    tiling, weights = tile(shape, patch, 0.5), gaussian(patch)
    seen = torch.randn(len(tiling.starts), 3, *patch, generator=torch.Generator().manual_seed(0))
    total, weight = torch.zeros(3, *shape), torch.zeros(shape)
    for number, logits in enumerate(seen):
        total[tiling.box(number)] += logits * weights
        weight[tiling.box(number)[1:]] += weights
    assert torch.allclose(means((3, *shape), tiling, weights, seen.__getitem__), total / weight, atol=1e-6)


def test_sums_are_of_the_type_of_the_weights():
    shape, patch = (9, 9, 10), (4, 6, 5)
    tiling, weights = tile(shape, patch, 0.5), torch.ones(patch)
    seen = torch.randn(len(tiling.starts), 3, *patch, generator=torch.Generator().manual_seed(0))
    halves = means((3, *shape), tiling, weights.half(), seen.__getitem__)
    assert halves.dtype == torch.float16
    assert torch.allclose(halves.float(), means((3, *shape), tiling, weights, seen.__getitem__), atol=5e-3)


def test_logits_are_let_go_before_the_networks_run_again():
    tiling = tile((10, 1, 3), (4, 1, 1), 0.5)
    alive = []

    def logits_of(slab):
        for _ in slab:
            assert [reference for reference in alive if reference()] == []
            logits = torch.ones(1, 4, 1, 1)
            alive.append(weakref.ref(logits))
            yield logits
            del logits

    list(mean_planes((1, 10, 1, 3), tiling, torch.ones(4, 1, 1), logits_of))
    assert len(alive) == len(tiling.starts)


def test_a_plane_comes_as_soon_as_no_tile_is_left_that_reaches_it():
    tiling, weights = tile((10, 1, 1), (4, 1, 1), 0.5), torch.ones(4, 1, 1)
    assert [plane for plane, _, _ in tiling.starts] == [0, 2, 4, 6]
    seen = []

    def logits_of(slab):
        seen.append(slab.start)
        return [torch.ones(1, 4, 1, 1)]

    planes = mean_planes((1, 10, 1, 1), tiling, weights, logits_of)
    assert [len(seen) for _ in planes] == [1, 1, 2, 2, 3, 3, 4, 4, 4, 4]


def test_a_plane_is_the_receivers_own():
    tiling = tile((6, 1, 1), (2, 1, 1), 0.5)
    planes = mean_planes((1, 6, 1, 1), tiling, torch.ones(2, 1, 1), lambda _: [torch.ones(1, 2, 1, 1)])
    first = next(planes)
    first.zero_()
    assert torch.stack(list(planes)).tolist() == torch.ones(5, 1, 1, 1).tolist()
