"""Use of a PET: whether it is in SUV and lies on the body of the CT.

One rule for every bad PET: the case is segmented on the CT alone, as where there is no PET, and a note and the record
say why. Training's conversion judges with the same function, and stops with the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.imaging.body import CoarseCt
from hnseg.imaging.hounsfield import TISSUE_HU, looks_like_hounsfield, shares_of_air_and_tissue
from hnseg.imaging.suv import Doubt, Uptake, doubt_of_suv, uptake_in_body, without_artefacts

LEAST_FRACTION, LEAST_LITRES = 0.1, 1.0  # of the body on the CT; a PET of only the head covers less of a whole body
NO_PET = "there is no PET."


@dataclass(frozen=True)
class JudgedPet:
    """PET of a patient, if it can be used.

    Attributes:
        pet: PET in SUV, without the values that can't be uptake; None where there is none that can be used.
        left_out: Reason in words why there is none, as a sentence; empty where there is one.
        is_bad: Whether it is not in SUV, rather than missing or of another place.
        notes: Sentences on what was mended.
        record: Overlap of the PET and the body, and the values in it, for the provenance; empty without a PET.
    """

    pet: sitk.Image | None
    left_out: str = ""
    is_bad: bool = False
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


def judge_pet(
    pet: sitk.Image | None, coarse: CoarseCt, *, path: Path | None = None, absence: str = NO_PET
) -> JudgedPet:
    """Return the PET as it can be used, or the reason why it can't be.

    Args:
        pet: PET of finite values, on any grid; None where there is none.
        coarse: Coarse copy of the CT, with the body on it.
        path: File of the PET, for the sentence.
        absence: Reason in words why there is no PET.
    """
    if pet is None:
        return JudgedPet(None, absence)
    uptake = uptake_in_body(pet, coarse)
    record = _record(uptake)
    if coarse.body.any() and uptake.share < LEAST_FRACTION and uptake.volume_ml / 1000 < LEAST_LITRES:
        return JudgedPet(None, _elsewhere(uptake), record=record)
    if doubt := doubt_of_suv(pet, uptake):
        record["pet_values"]["doubt"] = doubt.unit
        return JudgedPet(None, _not_suv(pet, uptake, doubt, path), is_bad=True, record=record)
    mended, count = without_artefacts(pet)
    record["pet_values"]["mended_voxels"] = count
    return JudgedPet(mended, notes=(_mended_in_words(count),) if count else (), record=record)


def _record(uptake: Uptake) -> dict[str, Any]:
    """Return the facts about a PET, for the provenance."""
    return {
        "pet_overlap": {"share_of_body": round(uptake.share, 4), "body_l": round(uptake.volume_ml / 1000, 2)},
        "pet_values": {
            "background_suv": round(uptake.background, 4),
            "brightest_suv": round(uptake.brightest, 4),
            "doubt": None,
        },
    }


def _elsewhere(uptake: Uptake) -> str:
    """Return the sentence on a PET that has no values, or too few, where the body is."""
    return (
        f"the PET covers {uptake.share:.1%} of the body on the CT, {uptake.volume_ml / 1000:.2f} l, and at least"
        f" {LEAST_FRACTION:.0%} or {LEAST_LITRES:g} l are needed. Do both belong to the same patient and scan?"
    )


def _not_suv(pet: sitk.Image, uptake: Uptake, doubt: Doubt, path: Path | None) -> str:
    """Return the sentence on a PET that is not in SUV, with the likely cause and the cure."""
    found = path or "it"
    if uptake.background < TISSUE_HU[1] and looks_like_hounsfield(pet):
        return (
            f"The PET must be in SUV, but {found} looks like a CT, since {shares_of_air_and_tissue(pet)[0]:.0%} of its"
            " values are those of air in Hounsfield units. Was a CT put into the PET's folder?"
        )
    cure = (
        " Convert it by the injected dose, the body weight and the decay until the scan; for HECKTOR 2026 the"
        " organisers' convert_nifti_Bq_SUV.py does so with suv_conversion_tags.csv."
    )
    return (
        f"The PET must be in SUV, muscle at 0.2 to 2 and a brain at 2 to 15, but {found} has {doubt.found}."
        f" {doubt.question}"
        f"{cure if doubt.unit == 'activity' else ' Give the PET in SUV as it was reconstructed.'}"
    )


def _mended_in_words(count: int) -> str:
    """Return a sentence on the voxels that can't be uptake."""
    return (
        f"{count} voxel{'s' if count > 1 else ''} of the PET, below -20 or above 2000 SUV, can't be uptake and"
        f" {'have' if count > 1 else 'has'} the median of the neighbours."
    )
