"""Tiny patients with recurrences in the layout of training data: HECKTOR's tiny PET/CT, boxes of known places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from containers.recurrence.settings import Settings
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.fitting.network import Unet3dNetwork
from hnseg_training.fitting.preset import PRESETS
from tests.support.tiny_hecktor import GRID, GTVP, PET_GRID

PATIENTS = ("ann", "ben", "cid", "dot", "eve")
SETTINGS = Settings(crop_size_xyz=(10, 12, 8), crop_spacing_mm=(8.0, 8.0, 5.0))
"""Settings with a box of 10 x 12 x 8 of the CT's voxels, which holds INSIDE whole and of ACROSS half."""
EVEN_SETTINGS = Settings(crop_size_xyz=(10, 12, 8), crop_spacing_mm=(8.0, 8.0, 8.0))
"""Settings with a box of as many voxels, whose first axis is z for nnU-Net too: none has a larger spacing."""
TINY_PAPER = PRESETS["recurrence-paper"].model_copy(
    update={
        "plans_name": "tinyRecurrencePaperPlans",
        "spacing_zyx_mm": (8.0, 8.0, 8.0),
        "patch_size_zyx": (8, 12, 12),
        "network": Unet3dNetwork(features=(4, 6), strides_zyx=((1, 1, 1), (2, 2, 2))),
        "training": PRESETS["recurrence-paper"].training.model_copy(update={"patience": 2, "epochs": 9}),
    }
)
"""The preset recurrence-paper with a small network, and patches two voxels wider than the box of EVEN_SETTINGS."""
VOXEL_ML = 8 * 8 * 5 / 1000

# (z, y, x) in voxels of GRID; the box around GTVP is 11:19, 11:23, 14:24
BOX = np.s_[11:19, 11:23, 14:24]
INSIDE = np.s_[13:16, 15:18, 17:20]
ACROSS = np.s_[12:14, 12:14, 22:26]
FAR = np.s_[2:4, 8:10, 8:10]


def labels_of(*boxes) -> np.ndarray:
    """Return a label map (z, y, x) on GRID with 1 in boxes."""
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    for box in boxes:
        labels[box] = 1
    return labels


def write_labels(path: Path, *boxes, grid: Grid = GRID) -> None:
    """Write a label map with 1 in boxes."""
    sitk.WriteImage(image_of(labels_of(*boxes), grid), str(path))


def write_source(source: Path, patients: tuple[str, ...] = PATIENTS) -> Path:
    """Write patients with one recurrence in `recurrence.nii.gz`, but ben, who has two files; return `source`."""
    for number, name in enumerate(patients):
        folder = source / name
        folder.mkdir(parents=True)
        rng = np.random.default_rng(number)
        ct = np.full(GRID.shape_zyx, -1000, dtype=np.int16)
        ct[:, 4:32, 4:36] = rng.normal(40, 10, (30, 28, 32))
        sitk.WriteImage(image_of(ct, GRID), str(folder / "ct.nii.gz"))
        pet = rng.uniform(0.4, 1.2, PET_GRID.shape_zyx).astype(np.float32)
        pet[10:14, 11:15, 12:16] = 9.0
        sitk.WriteImage(image_of(pet, PET_GRID), str(folder / "pet.nii.gz"))
        write_labels(folder / "gtv.nii.gz", GTVP)
        if name == "ben":
            write_labels(folder / "recurrence_1.nii.gz", INSIDE)
            write_labels(folder / "recurrence_2.nii.gz", ACROSS)
        else:
            write_labels(folder / "recurrence.nii.gz", INSIDE)
    return source
