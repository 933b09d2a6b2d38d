"""Small patients with recurrences whose measures are known, and methods that predict them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

SHAPE = (8, 12, 16)
SPACING_MM = (5.0, 5.0, 10.0)  # a voxel of 0.25 cc
BOTH = (np.s_[1:4, 1:4, 1:4], np.s_[4:7, 8:11, 8:11])  # two cubes of 27 voxels


def as_image(array, spacing_mm=SPACING_MM) -> sitk.Image:
    """Return an array (z, y, x) as an image."""
    image = sitk.GetImageFromArray(np.asarray(array))
    image.SetSpacing(spacing_mm)
    return image


def label_map(*boxes) -> sitk.Image:
    """Return a label map with 1 in boxes."""
    array = np.zeros(SHAPE, np.uint8)
    for box in boxes:
        array[box] = 1
    return as_image(array)


def write(folder: Path, images) -> Path:
    """Write images by the name of their patient, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        sitk.WriteImage(image, folder / f"{name}.nii.gz")
    return folder


def write_cohort(root: Path) -> Path:
    """Write three patients: the references, the methods all, first and none, and a probability.

    all predicts both cubes, first the first one, none nothing. Patient c has no recurrence. The probability is 0.75 in
    the first cube and 0.25 in the second.
    """
    probability = np.zeros(SHAPE, np.float32)
    probability[BOTH[0]], probability[BOTH[1]] = 0.75, 0.25
    references = {"a": label_map(*BOTH), "b": label_map(*BOTH), "c": label_map()}
    write(root / "references", references)
    write(root / "all", dict.fromkeys(references, label_map(*BOTH)))
    write(root / "first", dict.fromkeys(references, label_map(BOTH[0])))
    write(root / "none", dict.fromkeys(references, label_map()))
    write(root / "probability", dict.fromkeys(references, as_image(probability)))
    return root


def write_images(root: Path) -> Path:
    """Write each patient's PET, GTV and CT, and the brain of patient a.

    The first cube has an uptake of 10 and is the GTV, the second one 4, and its first slice is brain.
    """
    pet, ct = np.ones(SHAPE, np.float32), np.full(SHAPE, -1000, np.int16)
    pet[BOTH[0]], pet[BOTH[1]] = 10, 4
    ct[:, 1:, 1:] = 30
    for name in "abc":
        write(root / name, {"ct": as_image(ct), "pet": as_image(pet), "gtv": label_map(BOTH[0])})
    write(root / "a", {"brain": label_map(np.s_[4:5, 8:11, 8:11])})
    return root
