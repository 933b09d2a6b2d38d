"""The treatment table lies under the patient, the mask on the front."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.couch import add_couch, add_mask

SIZE = (40, 60, 12)
TURNED = tuple(Rotation.from_euler("xyz", (9, -4, 6), degrees=True).as_matrix().ravel().tolist())
GRIDS = [
    Grid(SIZE, (3.0, 2.0, 4.0), (-60.0, -50.0, -24.0), direction) for direction in ((1, 0, 0, 0, 1, 0, 0, 0, 1), TURNED)
]


def points_of(grid: Grid) -> np.ndarray:
    """The world's points of all voxels, (z, y, x, 3)."""
    index_zyx = np.moveaxis(np.indices(grid.shape_zyx), 0, -1)
    return grid.points_mm(index_zyx[..., ::-1].reshape(-1, 3)).reshape(*grid.shape_zyx, 3)


@pytest.mark.parametrize("grid", GRIDS, ids=["straight", "oblique"])
def test_plate_is_level_in_the_world_six_mm_below_the_patient(grid):
    points = points_of(grid)
    body = np.linalg.norm(points, axis=-1) < 20
    hounsfield = np.full(grid.shape_zyx, -1000, dtype=np.float32)
    add_couch(hounsfield, body, grid)
    lowest = points[body][:, 1].max()
    depth = points[..., 1] - lowest
    assert (hounsfield[(depth > 6.1) & (depth < 8.4)] == -220).all()
    assert (hounsfield[(depth > 8.6) & (depth < 43)] == -930).all()
    assert (hounsfield[body | (depth < -26)] == -1000).all()


@pytest.mark.parametrize("grid", GRIDS, ids=["straight", "oblique"])
def test_mask_is_a_shell_on_the_front(grid):
    points = points_of(grid)
    radius = np.linalg.norm(points, axis=-1)
    hounsfield = np.full(grid.shape_zyx, -1000, dtype=np.float32)
    add_mask(hounsfield, radius < 20, grid)
    shell = hounsfield > -1000
    assert shell.sum() > 100
    assert radius[shell].min() >= 20
    assert radius[shell].max() < 27
    assert points[shell][:, 1].max() < 20
    front = (radius < 22) & (radius > 21) & (points[..., 1] < -5)
    assert shell[front].mean() > 0.6


def test_nobody_on_the_couch_leaves_air():
    (grid, _), body = GRIDS, np.zeros(SIZE[::-1], dtype=bool)
    hounsfield = np.full(grid.shape_zyx, -1000, dtype=np.float32)
    for add in (add_couch, add_mask):
        add(hounsfield, body, grid)
    assert (hounsfield == -1000).all()
