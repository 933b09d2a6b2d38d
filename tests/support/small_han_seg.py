"""Case of HaN-Seg small enough to run in seconds: a made-up head on a CT, and on a T1 MR that lies elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from containers.han_seg.spec import LABELS
from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.registration.agreement import moved

OUTPUT_FILE = "images/head_neck_oar/output.mha"
CT_FOLDER, T1_FOLDER = "images/ct", "images/t1-mri"
CT_FILE, T1_FILE = "11111111-aaaa.mha", "22222222-bbbb.mha"
CT_GRID = Grid((50, 54, 40), (4.0, 4.0, 4.0), (-100.3, -104.0, -80 + 1 / 3), (1, 0, 0, 0, 1, 0, 0, 0, 1))
OBLIQUE = tuple(sitk.VersorTransform((0.2, 0.1, 1.0), 0.1).GetMatrix())
MODEL = {
    "labels": {"background": 0, **{name: label for label, name in LABELS.items()}},
    "channel_names": ["CT", "noNorm"],
    "patch": (24, 32, 32),
    "spacing_mm": (6.0, 6.0, 6.0),
}
"""Arguments of `make_model` for a model that the container takes."""


def pose() -> sitk.Euler3DTransform:
    """Return the transform from points of the CT to points of the MR, in mm."""
    transform = sitk.Euler3DTransform()
    transform.SetRotation(*np.deg2rad((6.0, -4.0, 9.0)).tolist())
    transform.SetTranslation((14.0, -22.0, 31.0))
    return transform


def small_ct(*, seed: int = 0) -> sitk.Image:
    """Return the CT in Hounsfield units, int16."""
    return image_of(_noisy(_drawn(CT_GRID, hounsfield=True), seed).astype(np.int16), CT_GRID)


def small_mr(*, seed: int = 0) -> sitk.Image:
    """Return the T1 MR, int16: oblique, anisotropic, with a smaller field of view, and turned and shifted."""
    origin = moved(np.array([[-80.0, -88.0, -64.0]]), pose())[0].tolist()
    grid = Grid((44, 48, 27), (3.6, 3.6, 4.8), tuple(origin), OBLIQUE)
    return image_of(np.abs(_noisy(_drawn(grid, pose=pose(), hounsfield=False), seed)).astype(np.int16), grid)


def write_small_case(input_dir: Path, *, seed: int = 0) -> Path:
    """Write both sockets' folders and return the input folder."""
    write(small_ct(seed=seed), input_dir / CT_FOLDER / CT_FILE)
    write(small_mr(seed=seed), input_dir / T1_FOLDER / T1_FILE)
    return input_dir


def write_reference(_input_dir: Path, expected_dir: Path) -> None:
    """Write a label map on the CT's grid with the mandible, the left eye and the spinal cord as boxes."""
    labels = np.zeros(CT_GRID.shape_zyx, np.uint8)
    for label, first in ((4, 5), (14, 15), (30, 25)):
        labels[first : first + 6, 20:30, 20:30] = label
    write(image_of(labels, CT_GRID), expected_dir / OUTPUT_FILE)


def write(image: sitk.Image, path: Path) -> None:
    """Write an image, compressed, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), True)


def _noisy(values: np.ndarray, seed: int) -> np.ndarray:
    """Return the values with Gaussian noise."""
    return values + np.random.default_rng(seed).normal(0, 12, values.shape)


def _drawn(grid: Grid, *, hounsfield: bool, pose: sitk.Euler3DTransform | None = None) -> np.ndarray:
    """Return the head's values on a grid (z, y, x): skull, neck, nose, airway and forty soft organs."""
    points = grid.points_mm(np.argwhere(np.ones(grid.shape_zyx, bool))[:, ::-1].astype(float))
    if pose is not None:
        points = moved(points, pose.GetInverse())
    air, soft, bone = (-1000.0, 40.0, 800.0) if hounsfield else (4.0, 300.0, 60.0)
    x, y, z = points.T
    skull = np.sqrt((x / 56) ** 2 + (y / 70) ** 2 + ((z - 15) / 48) ** 2)
    neck = np.where(z < 0, np.sqrt((x / 40) ** 2 + ((y - 24) / 38) ** 2), 9)
    nose = np.sqrt((x / 13) ** 2 + ((y + 70) / 17) ** 2 + (z / 19) ** 2)
    depth = np.minimum(np.minimum(skull, neck), nose)
    values = np.where(depth < 1, soft, air)
    rng = np.random.default_rng(0)
    for _ in range(40):
        centre, width = rng.uniform((-45, -60, -60), (45, 60, 55)), rng.uniform(6, 12)
        near = np.exp(-((points - centre) ** 2).sum(axis=1) / (2 * width**2))
        values += rng.uniform(-1, 1) * (120 if hounsfield else 400) * near * (depth < 0.9)
    values[(skull > 0.82) & (skull < 0.94)] = bone
    values[(np.abs(x) < 9) & (np.abs(y + 5) < 10) & (z < 10)] = air
    return values.reshape(grid.shape_zyx)
