"""Tiny HaN-Seg in the public layout: five patients, four organs, boxes of known places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of

GRID = Grid((40, 36, 20), (2.0, 2.0, 3.0), (-40.0, -36.0, 5.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
MR_GRID = Grid((36, 32, 14), (2.0, 2.0, 4.0), (-36.0, -32.0, 8.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
PATIENTS = ("case_01", "case_02", "case_03", "case_04", "case_05")

# (z, y, x) in voxels of GRID. The right eye overlaps nothing, the chiasm lies within the brainstem.
ORGANS = {
    "Brainstem": (slice(4, 12), slice(18, 28), slice(14, 26)),
    "OpticChiasm": (slice(10, 12), slice(18, 21), slice(17, 23)),
    "Eye_PL": (slice(8, 12), slice(4, 9), slice(26, 32)),
    "Eye_PR": (slice(8, 12), slice(4, 9), slice(8, 14)),
}


def write_source(source: Path) -> Path:
    """Write every patient, each a voxel further along x than the one before, and return `source`."""
    for shift, name in enumerate(PATIENTS):
        write_patient(source / "HaN-Seg" / "set_1" / name, shift=shift)
    return source


def write_patient(folder: Path, *, shift: int) -> None:
    """Write a patient whose organs lie `shift` voxels further along x."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(shift)
    ct = np.full(GRID.shape_zyx, -1000, dtype=np.int16)
    ct[:, 2:34, 4:36] = rng.normal(40, 10, (20, 32, 32))
    for name, (z, y, x) in ORGANS.items():
        mask = np.zeros(GRID.shape_zyx, dtype=np.uint8)
        mask[z, y, x.start + shift : x.stop + shift] = 1
        ct[mask > 0] += 100
        write_mask(folder / f"{folder.name}_OAR_{name}.seg.nrrd", mask)
    mr = rng.normal(200, 20, MR_GRID.shape_zyx).astype(np.int16)
    sitk.WriteImage(image_of(ct, GRID), str(folder / f"{folder.name}_IMG_CT.nrrd"))
    sitk.WriteImage(image_of(mr, MR_GRID), str(folder / f"{folder.name}_IMG_MR_T1.nrrd"))


def write_mask(path: Path, mask: np.ndarray, grid: Grid = GRID) -> None:
    """Write a mask with the wrong name inside, as all of the public ones have it."""
    image = image_of(mask, grid)
    image.SetMetaData("Segment0_ID", "A_Carotid_L")
    image.SetMetaData("Segment0_Name", "A_Carotid_L")
    sitk.WriteImage(image, str(path))
