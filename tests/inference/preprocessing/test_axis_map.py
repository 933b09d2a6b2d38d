"""Matrices of resampling along one axis, by hand."""

import numpy as np
import pytest

from hnseg.inference.preprocessing.axis_map import AxisMap


@pytest.mark.parametrize("axis_map", [AxisMap.spline(2, 4, 1), AxisMap.torch_linear(2, 4)])
def test_linear_weights_of_two_voxels_in_four(axis_map):
    # Centres at 0.25, 0.75, 1.25, 1.75 voxels, between old centres at 0.5 and 1.5; beyond these the nearest one.
    assert axis_map.weights.tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]


@pytest.mark.parametrize("axis_map", [AxisMap.nearest_in_scipy(2, 6), AxisMap.nearest_in_torch(2, 6)])
def test_the_nearest_voxel_is_repeated(axis_map):
    assert axis_map.weights.tolist() == [[1, 0]] * 3 + [[0, 1]] * 3


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_as_many_voxels_are_the_same_voxels(order):
    assert AxisMap.spline(5, 5, order).is_identity
    assert not AxisMap.spline(5, 6, order).is_identity


def test_weights_of_a_voxel_sum_to_one():
    assert np.allclose(AxisMap.spline(7, 19, 3).weights.sum(axis=1), 1, atol=1e-5)


def test_pieces_hold_every_weight_that_is_not_zero():
    axis_map = AxisMap.torch_linear(50, 130)
    pieces = axis_map.pieces(40)
    assert [(piece.new.start, piece.new.stop) for piece in pieces] == [(0, 40), (40, 80), (80, 120), (120, 130)]
    rebuilt = np.zeros((130, 50), np.float32)
    for piece in pieces:
        rebuilt[piece.new, piece.old] = piece.weights
    assert np.array_equal(rebuilt, axis_map.weights)
    assert max(piece.old.stop - piece.old.start for piece in pieces) <= 18


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_of_a_volume_can_be_mapped(axis):
    volume = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    axis_map = AxisMap.torch_linear(volume.shape[axis], 11)
    expected = np.moveaxis(np.tensordot(axis_map.weights, volume, (1, axis)), 0, axis)
    assert np.allclose(axis_map.along(volume, axis), expected, atol=1e-5)
