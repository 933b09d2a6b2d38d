"""Rotation of tiles, beside scipy's rotation of the whole volume."""

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform

from hnseg.inference.further.rotation import turned_back, turned_tile

SPACING = (3.0, 1.0, 2.0)
BOX = (slice(2, 10), slice(5, 21), slice(8, 20))


def whole_turned(volume, axis, degrees, spacing_mm, centre):
    """Return a volume (c, z, y, x) turned about a voxel by scipy, borders repeated."""
    first, second = (each for each in range(3) if each != axis)
    angle = np.radians(degrees)
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    scale = np.diag(spacing_mm)
    matrix = np.linalg.inv(scale) @ turn @ scale
    offset = np.array(centre) - matrix @ centre
    return np.stack([affine_transform(each, matrix, offset, order=1, mode="nearest") for each in volume])


@pytest.fixture
def volume():
    return np.random.default_rng(0).normal(size=(2, 12, 30, 24))


@pytest.mark.numeric
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("box", [BOX, (slice(0, 12), slice(0, 30), slice(0, 24)), (slice(11, 12), *BOX[1:])])
def test_a_tile_is_that_of_the_volume_turned_about_its_centre(volume, axis, box):
    centre = [(part.start + part.stop - 1) / 2 for part in box]
    expected = whole_turned(volume, axis, 4.5, SPACING, centre)[(slice(None), *box)]
    found = turned_tile(torch.from_numpy(volume), box, axis, 4.5, SPACING)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


def test_turning_back_leaves_only_what_interpolation_costs():
    grid = torch.meshgrid(*(torch.arange(size, dtype=torch.float32) for size in (12, 30, 24)), indexing="ij")
    linear = sum(grid)[None]
    for axis in range(3):
        there = turned_tile(linear, BOX, axis, -5.0, SPACING)
        back = turned_back(there, axis, -5.0, SPACING)
        inner = (0, slice(2, -2), slice(4, -4), slice(4, -4))
        torch.testing.assert_close(back[inner], linear[(slice(None), *BOX)][inner], atol=1e-3, rtol=0)


def test_no_angle_changes_nothing(volume):
    whole = torch.from_numpy(volume)
    torch.testing.assert_close(turned_tile(whole, BOX, 0, 0.0, SPACING), whole[(slice(None), *BOX)])
