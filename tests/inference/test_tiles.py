"""The sliding window: nnU-Net's positions and weights, and a mean that is one."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nnunetv2.inference.sliding_window_prediction import compute_gaussian, compute_steps_for_sliding_window

from hnseg.inference.tiles import gaussian, pad_to_patch, tile, weighted_mean


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


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 6, 8), (13, 7, 31), (9, 24, 8)])
def test_a_constant_prediction_is_constant_everywhere(shape):
    volume = torch.rand(1, *shape)
    tiling = tile(shape, (4, 6, 8), 0.5)
    value = torch.tensor([3.0, -7.0])[:, None, None, None].expand(2, 4, 6, 8)
    mean = weighted_mean(volume, tiling, gaussian((4, 6, 8)), 2, lambda _tile, _number: value)
    assert mean.shape == (2, *shape)
    assert torch.allclose(mean, torch.tensor([3.0, -7.0])[:, None, None, None], rtol=1e-6)


def test_overlapping_tiles_are_averaged_by_weight():
    # Two tiles of three voxels on five: the middle voxel is the last of one and the first of the other.
    weights = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3)
    tiling = tile((1, 1, 5), (1, 1, 3), 0.67)
    assert [start[2] for start in tiling.starts] == [0, 2]
    mean = weighted_mean(
        torch.zeros(1, 1, 1, 5), tiling, weights, 1, lambda _tile, number: torch.full((1, 1, 1, 3), float(number))
    )
    assert mean.flatten().tolist() == pytest.approx([0, 0, 1 / 4, 1, 1])
