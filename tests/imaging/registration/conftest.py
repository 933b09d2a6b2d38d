from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.registration.agreement import moved
from hnseg.imaging.registration.poses import inverse

OBLIQUE = tuple(sitk.VersorTransform((0.2, 0.1, 1.0), 0.12).GetMatrix())
UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
TOOTH_MM = (-12.0, -45.0, -8.0)


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


def points_of(grid):
    """All voxel centres (n, 3)."""
    return grid.points_mm(np.argwhere(np.ones(grid.shape_zyx, bool))[:, ::-1].astype(float))


def sampled(grid, pose, *, noise=12.0, contrast=None, coil=None, metal=False):
    """The MR of the head on a grid, after a pose that maps points of the head to points of the image."""
    points = moved(points_of(grid), inverse(pose))
    values = tissue(points)
    if contrast is not None:
        values = contrast(values)
    if coil is not None:
        values = values * coil(points)
    if metal:  # no signal around it
        values[np.linalg.norm(points - TOOTH_MM, axis=1) < 14] = 0
    values = np.abs(values + np.random.default_rng(1).normal(0, noise, values.shape))
    return image_of(values.reshape(grid.shape_zyx).astype(np.float32), grid)


def hounsfield(grid, pose, *, couch=False, metal=False):
    """The CT of the head on a grid: compact bone brightest, soft tissues within 150 HU of each other."""
    points = moved(points_of(grid), inverse(pose))
    values = np.interp(tissue(points), (0, 30, 45, 75, 120, 300, 1200), (-1000, -1000, 1100, 1100, -80, 40, 70))
    if couch:
        values = np.maximum(values, couch_at(points_of(grid)))
    if metal:
        x, y, z = (points - TOOTH_MM).T
        away = np.hypot(x, y) + 4
        streaks = np.sin(np.arctan2(y, x) * 9) * 12000 / away * (np.abs(z) < 7)
        values = np.where((away < 9) & (np.abs(z) < 7), 3071, np.clip(values + streaks, -1024, 3071))
    values = values + np.random.default_rng(2).normal(0, 15, values.shape)
    return image_of(np.rint(values).reshape(grid.shape_zyx).astype(np.int16), grid)


def couch_at(points_mm):
    """Hounsfield units (n,) of a couch under the head that it touches, and of two rods beside it; elsewhere air."""
    x, y, _ = points_mm.T
    couch = np.where((y > 66) & (y < 84), -900, -1000)
    couch[(np.abs(y - 68) < 2.3) | (np.abs(y - 82) < 2.3)] = 150
    couch[(np.abs(x) - 70) ** 2 + (y - 20) ** 2 < 5**2] = 120
    return couch


def posed(rotation_deg, shift_mm, centre_mm=(0.0, 0.0, 0.0)):
    pose = sitk.Euler3DTransform()
    pose.SetCenter(centre_mm)
    pose.SetRotation(*np.deg2rad(rotation_deg).tolist())
    pose.SetTranslation(shift_mm)
    return pose


@pytest.fixture(scope="session")
def heads():
    """Images of the same head: `fixed` and a thin `slab` as it is, and others turned and shifted by a pose.

    `moving(pose)` is the MR of the whole head, `mr(pose)` has a smaller field of view on an oblique grid; `ct()` is as
    it is.
    """
    small = grid_around((4, -3, 5), size_xyz=(56, 64, 30), spacing_mm=(2.5, 2.5, 4.0), direction=OBLIQUE)

    thin = grid_around((4, -3, 5), size_xyz=(64, 64, 16), spacing_mm=(2.5, 2.5, 1.5), direction=OBLIQUE)

    def moving(pose, **options):
        centre = np.array(pose.GetCenter()) + np.array(pose.GetTranslation())
        return sampled(grid_around(centre + 6, size_xyz=(90, 90, 45), spacing_mm=(2.2, 2.2, 4.5)), pose, **options)

    def mr(pose, *, around_mm=(4.0, -3.0, -4.0), **options):
        centre = moved(np.array([around_mm]), pose)[0]
        grid = grid_around(centre, size_xyz=(72, 80, 26), spacing_mm=(1.7, 1.7, 4.0), direction=OBLIQUE)
        return sampled(grid, pose, **options)

    still = posed((0, 0, 0), (0, 0, 0))

    def ct(**options):
        grid = grid_around((0, 5, 4), size_xyz=(92, 92, 52), spacing_mm=(2.0, 2.0, 3.0))
        return hounsfield(grid, still, **options)

    return SimpleNamespace(
        fixed=sampled(small, still), slab=sampled(thin, still), moving=moving, small=small, mr=mr, ct=ct
    )


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
