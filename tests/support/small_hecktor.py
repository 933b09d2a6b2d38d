"""Case of HECKTOR small enough to run in seconds: a made-up head and neck on a tilted CT and on a straight PET."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.hecktor.method import Settings
from containers.hecktor.outcomes import CoxModel, OrdinalModel, Outcomes, Term
from containers.hecktor.spec import CT, EHR, PET, SPEC
from hnseg.clinical import N_STAGES, T_STAGES
from hnseg.imaging.geometry import array_of, image_of
from hnseg.platform.case import Case
from tests.support.figure import TILTED, Figure, grid_between
from tests.support.small_han_seg import write

OUTPUT_FILE = f"{SPEC.output.relative_path}/output.mha"
ANSWER_FILES = tuple(socket.relative_path for socket in SPEC.answers)
CT_FOLDER, PET_FOLDER = "images/ct", "images/pet"
CT_FILE, PET_FILE, EHR_FILE = "11111111-aaaa.mha", "22222222-bbbb.mha", "ehr.json"
CT_GRID = grid_between((-130, -115, -290), (120, 125, 40), (5.0, 5.0, 6.0), TILTED)
PET_GRID = grid_between((-150, -150, -310), (150, 150, 60), (6.5, 6.5, 6.0))
MODEL = {"channel_names": ["CT", "noNorm"], "patch": (24, 32, 32), "spacing_mm": (6.0, 6.0, 6.0)}
"""Arguments of `make_model` for a model that the container takes."""
RECORD = (
    '{"Age": 63, "Gender": 1, "Tobacco Consumption": 0, "Performance Status": NaN, "Treatment": 1, "HPV Status": 0,}'
)
"""Health record with the faults of the organisers' sample: a comma after the last field, a NaN, and no alcohol."""

_VOLUME = Term(feature="gtvp_ml", scale="log", mean=2.5, sd=1.0, coefficient=1.2)
_NODES = Term(feature="gtvn_ml", scale="log", mean=2.0, sd=1.2, coefficient=1.1)
_UPTAKE = Term(feature="tlg", scale="log", mean=5.0, sd=1.5, coefficient=0.4)
_AGE = Term(feature="age_years", mean=61, sd=9, coefficient=0.2)
OUTCOMES = Outcomes(
    t_stage=OrdinalModel(terms=(_VOLUME,), levels=T_STAGES, thresholds=(-1.0, 0.5, 1.5)),
    n_stage=OrdinalModel(terms=(_NODES,), levels=N_STAGES, thresholds=(-1.5, -1.0, 2.0)),
    rfs=CoxModel(terms=(_UPTAKE, _AGE), median_days=3000),
    fitted_on="nobody: made up for tests",
)
SETTINGS: dict[str, Any] = Settings(crop="head_neck", outcomes=OUTCOMES).model_dump(mode="json")
"""Content of the model's `method.json`."""


def small_ct(*, seed: int = 0) -> sitk.Image:
    """Return the CT in Hounsfield units, int16."""
    noise = np.random.default_rng(seed).normal(0, 12, CT_GRID.shape_zyx)
    return image_of((array_of(Figure().ct(CT_GRID)) + noise).astype(np.int16), CT_GRID)


def small_pet(*, seed: int = 0) -> sitk.Image:
    """Return the PET in SUV, float32, with a tumour at the base of the tongue and a node on its right."""
    suv = array_of(Figure().pet(PET_GRID))
    for centre_mm, peak_suv in (((0.0, -25.0, -150.0), 12.0), ((-35.0, 5.0, -190.0), 8.0)):
        index = np.rint(PET_GRID.index_xyz(np.array([centre_mm])))[0].astype(int)
        x, y, z = index.tolist()
        suv[z - 1 : z + 3, y - 1 : y + 3, x - 1 : x + 3] = peak_suv
    noise = np.random.default_rng(seed).uniform(0.9, 1.1, suv.shape)
    return image_of((suv * noise).astype(np.float32), PET_GRID)


def write_small_case(input_dir: Path, *, seed: int = 0) -> Path:
    """Write every socket and return the input folder."""
    write(small_ct(seed=seed), input_dir / CT_FOLDER / CT_FILE)
    write(small_pet(seed=seed), input_dir / PET_FOLDER / PET_FILE)
    (input_dir / EHR_FILE).write_text(RECORD)
    return input_dir


def reference_of_small_case() -> sitk.Image:
    """Return a label map on the CT's grid with a tumour and a node as boxes."""
    labels = np.zeros(CT_GRID.shape_zyx, np.uint8)
    labels[25:31, 20:25, 22:27] = 1
    labels[18:22, 22:26, 15:19] = 2
    return image_of(labels, CT_GRID)


def write_reference(_input_dir: Path, expected_dir: Path) -> None:
    """Write the label map as the expected output."""
    write(reference_of_small_case(), expected_dir / OUTPUT_FILE)


def case_of(ct=None, pet=None, *, left_out=None, record=None):
    """Return a case of a CT, the small one by default, perhaps a PET, and the content of a health record."""
    ct = ct if ct is not None else small_ct()
    images = {CT: ct} if pet is None else {CT: ct, PET: pet}
    values = {} if record is None else {EHR: record}
    return Case(
        images=images, reference=ct, files={CT: "ct.mha", PET: "pet.mha"}, left_out=left_out or {}, values=values
    )
