"""Case of recurrence volumes small enough to run in seconds: HECKTOR's small PET/CT, its tumour as GTV, and a brain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.recurrence.settings import Settings
from containers.recurrence.spec import BRAIN, CT, GTV, PET, SPEC
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.platform.case import Case
from tests.support import small_hecktor
from tests.support.small_han_seg import write
from tests.support.small_hecktor import CT_GRID

OUTPUT_FILE, PROBABILITY_FILE = (f"{socket.relative_path}/output.mha" for socket in SPEC.image_outputs)
GTV_FILE = f"{SPEC.input(GTV).relative_path}/33333333-cccc.mha"
BRAIN_FILE = f"{SPEC.input(BRAIN).relative_path}/44444444-dddd.mha"
MODEL = {
    "channel_names": ["noNorm", "noNorm"],
    "labels": {"background": 0, "recurrence": 1},
    "patch": (16, 24, 24),
    "spacing_mm": (6.0, 6.0, 6.0),
}
"""Arguments of `make_model` for a model that the container takes."""
SETTINGS: dict[str, Any] = Settings(crop_size_xyz=(20, 24, 16), crop_spacing_mm=(6.0, 6.0, 6.0)).model_dump(mode="json")
"""Content of the model's `method.json`: a box of 120 x 144 x 96 mm around the GTV."""
TUMOUR_MM = (0.0, -25.0, -150.0)
"""Place of the tumour that the small PET shows."""


def small_gtv() -> sitk.Image:
    """Return the label map of the GTV on the CT's grid: a ball of 20 mm around the tumour."""
    return image_of((_distance_mm(TUMOUR_MM) <= 20).astype(np.uint8), CT_GRID)


def small_brain() -> sitk.Image:
    """Return a label map of the brain on the CT's grid: a ball of 60 mm in the upper head."""
    return image_of((_distance_mm((0.0, 0.0, -40.0)) <= 60).astype(np.uint8), CT_GRID)


def write_small_case(input_dir: Path, *, seed: int = 0) -> Path:
    """Write every socket and return the input folder."""
    write(small_hecktor.small_ct(seed=seed), input_dir / small_hecktor.CT_FOLDER / small_hecktor.CT_FILE)
    write(small_hecktor.small_pet(seed=seed), input_dir / small_hecktor.PET_FOLDER / small_hecktor.PET_FILE)
    write(small_gtv(), input_dir / GTV_FILE)
    write(small_brain(), input_dir / BRAIN_FILE)
    return input_dir


def write_reference(_input_dir: Path, expected_dir: Path) -> None:
    """Write two recurrences as the expected output: one inside the GTV, one behind it."""
    labels = (_distance_mm(TUMOUR_MM) <= 12) | (_distance_mm((0.0, 15.0, -165.0)) <= 10)
    write(image_of(labels.astype(np.uint8), CT_GRID), expected_dir / OUTPUT_FILE)


def case_of(
    *,
    ct: sitk.Image | None = None,
    pet: sitk.Image | None = None,
    gtv: sitk.Image | None = None,
    brain: sitk.Image | None = None,
    left_out: dict[str, str] | None = None,
) -> Case:
    """Return a case of the small images, but for those that are given; without a brain unless one is."""
    ct = ct if ct is not None else small_hecktor.small_ct()
    images = {
        CT: ct,
        PET: pet if pet is not None else small_hecktor.small_pet(),
        GTV: gtv if gtv is not None else small_gtv(),
    }
    if brain is not None:
        images[BRAIN] = brain
    files = {CT: Path("ct.mha"), PET: Path("pet.mha"), GTV: Path("gtv.mha")}
    return Case(images=images, reference=ct, files=files, left_out=left_out or {})


def voxels_of(image: sitk.Image) -> np.ndarray[Any, Any]:
    """Return the voxels of an image on the CT's grid, (z, y, x), after a check that it lies there."""
    assert Grid.of(image) == CT_GRID
    return array_of(image)


def _distance_mm(centre_mm: tuple[float, float, float]) -> np.ndarray[Any, Any]:
    """Return the distance of every voxel of the CT from a point, (z, y, x)."""
    z, y, x = np.indices(CT_GRID.shape_zyx)
    points = CT_GRID.points_mm(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1).astype(np.float64))
    return np.linalg.norm(points - centre_mm, axis=1).reshape(CT_GRID.shape_zyx)
