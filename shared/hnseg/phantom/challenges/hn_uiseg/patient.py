"""Phantoms of HN-UISeg: the scans and tumours of a HECKTOR patient, and perhaps a file of clicks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges import hecktor
from hnseg.phantom.challenges.hecktor.files import Patient as Scanned
from hnseg.phantom.challenges.hn_uiseg.clicks import ClickKind, clicks_json
from hnseg.phantom.writing import write_image, write_inputs

GRIDS = hecktor.GRIDS
"""Names of the kinds of grids."""

_MASK_FOLDER = "head-neck-tumor-segmentation"
_ORDINARY = hecktor.VARIANTS["ordinary"]


@dataclass(frozen=True)
class Variant:
    """Fixed properties of a patient.

    Attributes:
        scanned: Properties of the patient and the scans.
        clicks: Kind of the clicks that are given; None for no file of clicks.
    """

    scanned: hecktor.Variant = field(default_factory=hecktor.Variant)
    clicks: ClickKind | None = None


ANY = Variant()
"""Variant without fixed properties."""

VARIANTS: dict[str, Variant] = {
    "automatic": Variant(_ORDINARY),
    "platform_clicks": Variant(_ORDINARY, clicks="platform"),
    "named_clicks": Variant(_ORDINARY, clicks="named"),
    "ct_only": Variant(replace(_ORDINARY, has_pet=False), clicks="mm"),
    "no_primary": Variant(replace(_ORDINARY, primary=False)),
    "far_click": Variant(_ORDINARY, clicks="far"),
}


@dataclass(frozen=True)
class Patient:
    """Patient with the clicks that are given.

    Attributes:
        scanned: Scans, tumours and clinical values; the latter are not used here.
        clicks: Kind of the clicks; None for no file of clicks.
    """

    scanned: Scanned
    clicks: ClickKind | None


def draw_patient(seed: int, index: int, *, grid: str = "small", variant: Variant = ANY) -> Patient:
    """Return the patient of a seed and a number; the same ones give the same voxels, those of HECKTOR's patient.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        grid: Kind of grids, "small", or "full" for the sizes of the public data; a variant's own grids come first.
        variant: Fixed properties of the patient.
    """
    return Patient(hecktor.draw_patient(seed, index, grid=grid, variant=variant.scanned), variant.clicks)


def write_container_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the container's layout: `case_000/input`, with the true label map in `case_000/expected`.

    Returns:
        Folder of the case.
    """
    scanned = patient.scanned
    case = output / f"case_{scanned.index:03d}"
    write_inputs({"ct": scanned.ct, "pet": scanned.pet}, case / "input", seed=scanned.seed, index=scanned.index)
    if patient.clicks is not None:
        clicks = clicks_json(array_of(scanned.mask), array_of(scanned.ct), Grid.of(scanned.ct), patient.clicks)
        text = json.dumps(clicks, indent=4) + "\n"
        (case / "input" / "lesion-clicks.json").write_text(text, encoding="utf-8")
    write_image(scanned.mask, case / "expected" / "images" / _MASK_FOLDER / "output.mha")
    return case


def write_training_case(patient: Patient, output: Path) -> Path:
    """Write a patient as training data comes, in HECKTOR's layout of 2026, without clicks: training draws its own.

    Returns:
        Folder of the patient.
    """
    return hecktor.LAYOUTS["challenge"](patient.scanned, output)


LAYOUTS = {"container": write_container_case, "challenge": write_training_case}
"""Functions that write a patient, by layout."""
