from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.registration.agreement import moved
from hnseg.imaging.registration.poses import inverse

OBLIQUE = tuple(sitk.VersorTransform((0.2, 0.1, 1.0), 0.12).GetMatrix())
UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def grid_around(centre_mm, *, size_xyz, spacing_mm, direction=UPRIGHT):
    """The grid whose field of view has a given centre."""
    unplaced = Grid(size_xyz, spacing_mm, (0.0, 0.0, 0.0), direction)
    return Grid(size_xyz, spacing_mm, tuple(np.array(centre_mm) - unplaced.corners_mm().mean(axis=0)), direction)


def tissue(points_mm):
    """The intensity of a made-up head at points (n, 3): skull, neck, nose, airway and eighty organs."""
    rng = np.random.default_rng(0)
    x, y, z = points_mm.T
    skull = np.sqrt((x / 52) ** 2 + (y / 66) ** 2 + ((z - 15) / 45) ** 2)
    neck = np.where(z < 0, np.sqrt((x / 38) ** 2 + ((y - 22) / 36) ** 2), 9)
    nose = np.sqrt((x / 12) ** 2 + ((y + 66) / 16) ** 2 + (z / 18) ** 2)
    depth = np.minimum(np.minimum(skull, neck), nose)
    values = np.where(depth < 1, 300.0, 0.0)
    for _ in range(80):
        centre, width = rng.uniform((-45, -60, -55), (45, 60, 55)), rng.uniform(4, 11)
        near = np.exp(-((points_mm - centre) ** 2).sum(axis=1) / (2 * width**2))
        values += rng.uniform(-500, 600) * near * (depth < 0.9)
    values[(skull > 0.85) & (skull < 0.93)] = 60
    values[(np.abs(x) < 8) & (np.abs(y + 5) < 9) & (z < 10)] = 0
    return np.maximum(values, 0)


def sampled(grid, pose, *, noise=12.0, contrast=None):
    """The head on a grid, after a pose that maps points of the head to points of the image."""
    index = np.argwhere(np.ones(grid.shape_zyx, bool))[:, ::-1].astype(float)
    values = tissue(moved(grid.points_mm(index), inverse(pose)))
    if contrast is not None:
        values = contrast(values)
    values = np.abs(values + np.random.default_rng(1).normal(0, noise, values.shape))
    return image_of(values.reshape(grid.shape_zyx).astype(np.float32), grid)


def posed(rotation_deg, shift_mm, centre_mm=(0.0, 0.0, 0.0)):
    pose = sitk.Euler3DTransform()
    pose.SetCenter(centre_mm)
    pose.SetRotation(*np.deg2rad(rotation_deg).tolist())
    pose.SetTranslation(shift_mm)
    return pose


@pytest.fixture(scope="session")
def heads():
    """Images of the same head: `fixed` and a thin `slab` as it is, and `moving(pose)` turned and shifted."""
    small = grid_around((4, -3, 5), size_xyz=(56, 64, 30), spacing_mm=(2.5, 2.5, 4.0), direction=OBLIQUE)

    thin = grid_around((4, -3, 5), size_xyz=(64, 64, 16), spacing_mm=(2.5, 2.5, 1.5), direction=OBLIQUE)

    def moving(pose, **options):
        centre = np.array(pose.GetCenter()) + np.array(pose.GetTranslation())
        return sampled(grid_around(centre + 6, size_xyz=(90, 90, 45), spacing_mm=(2.2, 2.2, 4.5)), pose, **options)

    still = posed((0, 0, 0), (0, 0, 0))
    return SimpleNamespace(fixed=sampled(small, still), slab=sampled(thin, still), moving=moving, small=small)


@pytest.fixture(scope="session")
def errors_mm():
    """How far a transform takes points of the head from where they belong."""
    points = np.random.default_rng(0).uniform(-40, 40, (200, 3))

    def errors(found, truth):
        return np.linalg.norm(moved(points, found) - moved(points, truth), axis=1)

    return errors


@pytest.fixture(scope="session")
def pose():
    return posed
