"""Weighted sums over tiles: nnU-Net's weights, and a mean that is one."""

import pytest
import torch
from nnunetv2.inference.sliding_window_prediction import compute_gaussian

from hnseg.inference.planning.tiling import Window
from hnseg.inference.rolling_sums import RollingSums, gaussian, pad_to_patch, zero_logits

pytestmark = pytest.mark.numeric


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


def means(window, tiling, weights, logits_of, *, channels_last=False):
    """Return the planes, put together again."""
    planes = []
    outputs = len(logits_of(0))
    sums = RollingSums(outputs, window.shape[1:], weights, channels_last=channels_last)
    number = 0
    while tiling.along[0]:
        for start in tiling.slab.starts:
            sums.add(logits_of(number), *tiling.box(start)[1:])
            number += 1
        planes += [sums.mean(plane) for plane in range(tiling.finished_planes)]
        sums.drop(tiling.finished_planes)
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
    logits = torch.randn(tiling.count, 3, *patch, generator=torch.Generator().manual_seed(0))
    total, weight = torch.zeros(3, *shape), torch.zeros(shape)
    for start, one in zip(tiling.starts, logits, strict=True):
        total[(slice(None), *tiling.box(start))] += one * weights
        weight[tiling.box(start)] += weights
    rounded = 8 * 2.0**-23 * logits.abs().max().item()  # at most 8 tiles overlap
    assert torch.allclose(means(window, tiling, weights, logits.__getitem__), total / weight, rtol=0, atol=rounded)


@pytest.mark.parametrize("outputs", [1, 3, 31])
def test_sums_with_the_classes_of_a_voxel_side_by_side_are_the_same_bit_for_bit(outputs):
    patch = (4, 6, 7)
    window, weights = Window((9, 13, 20), patch), gaussian(patch)
    tiling = window.tiling(0.5)
    logits = torch.randn(tiling.count, outputs, *patch, generator=torch.Generator().manual_seed(0))
    side_by_side = logits.movedim(1, -1).contiguous().movedim(-1, 1)
    expected = means(window, tiling, weights, logits.__getitem__)
    assert torch.equal(means(window, tiling, weights, side_by_side.__getitem__, channels_last=True), expected)
    assert torch.equal(means(window, tiling, weights, logits.__getitem__, channels_last=True), expected)


def test_a_plane_has_the_classes_one_after_another_however_the_sums_lie():
    sums = RollingSums(2, (3, 4), torch.ones(1, 3, 4), channels_last=True)
    assert sums.mean(0).is_contiguous()


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_zero_logits_lie_as_is_asked(shape):
    of_a_class, of_a_voxel = (
        zero_logits(shape, channels_last=channels_last, device=torch.device("cpu")) for channels_last in (False, True)
    )
    assert of_a_class.shape == of_a_voxel.shape == shape
    assert of_a_class.is_contiguous()
    assert of_a_voxel.movedim(1, -1).is_contiguous()
    assert not of_a_voxel.any()


def test_sums_are_of_the_type_of_the_weights():
    window, weights = Window((9, 9, 10), (4, 6, 5)), torch.ones(4, 6, 5)
    tiling = window.tiling(0.5)
    logits = torch.randn(tiling.count, 3, 4, 6, 5, generator=torch.Generator().manual_seed(0))
    halves = means(window, tiling, weights.half(), logits.__getitem__)
    assert halves.dtype == torch.float16
    assert torch.allclose(halves.float(), means(window, tiling, weights, logits.__getitem__), atol=5e-3)


def test_sums_go_on_where_they_are_moved():
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


def test_voxels_of_no_tile_have_zero_logits():
    sums = RollingSums(2, (1, 4), torch.ones(1, 1, 2))
    sums.add(torch.full((2, 1, 1, 2), 3.0), slice(0, 1), slice(2, 4))
    assert sums.mean(0).tolist() == [[[0, 0, 3, 3]]] * 2


def test_a_plane_is_the_receivers_own():
    sums = RollingSums(1, (1, 1), torch.ones(2, 1, 1))
    sums.add(torch.ones(1, 2, 1, 1), slice(0, 1), slice(0, 1))
    sums.mean(0).zero_()
    assert sums.mean(0).tolist() == [[[1.0]]]


def test_a_tile_counts_as_often_as_it_has_passes():
    sums = RollingSums(1, (1, 2), torch.ones(1, 1, 2))
    for value, passes in ((1.0, 1), (5.0, 3)):
        sums.add(torch.full((1, 1, 1, 2), value), slice(0, 1), slice(0, 2), passes=passes)
    assert sums.mean(0).flatten().tolist() == [4.0, 4.0]
