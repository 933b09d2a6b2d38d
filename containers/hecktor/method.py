"""Method of HECKTOR: the CT and the PET laid on it, around the head where the settings say so; then the outcomes.

The preset `winner` is after Myronenko et al., winner of HECKTOR 2022: a box of head and neck. Training makes its
samples with the same `channels_of` as the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import AfterValidator, FiniteFloat, PositiveFloat

from containers.hecktor.ehr import Ehr, read_ehr
from containers.hecktor.features import IMAGE_FEATURES, features_of
from containers.hecktor.outcomes import Outcomes
from containers.hecktor.spec import CT, EHR, N_STAGE, PET, RFS, T_STAGE
from hnseg.errors import InputError, ModelError
from hnseg.imaging.body import CoarseCt, coarse_ct_of
from hnseg.imaging.box import put_back, whole
from hnseg.imaging.channels import Channels, modality_record
from hnseg.imaging.geometry import Grid, resample_into
from hnseg.imaging.head_neck import HeadNeck, find_head_and_neck
from hnseg.imaging.hounsfield import looks_like_hounsfield, shares_of_air_and_tissue
from hnseg.imaging.suv import doubt_of_suv
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from hnseg.records import Frozen

LEAST_FRACTION, LEAST_LITRES = 0.1, 1.0  # of the body on the CT; a PET of only the head covers less of a whole body
PET_CHANNEL = "pet"
NO_PET = "there is no PET."
NO_FILES: Mapping[str, Path] = MappingProxyType({})


def _from_low_to_high(values: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a range, of which the first must be the lower."""
    if values[0] >= values[1]:
        raise ValueError(f"must go from low to high, found {values}")
    return values


Range = Annotated[tuple[FiniteFloat, FiniteFloat], AfterValidator(_from_low_to_high)]


class Settings(Frozen):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""

    pet_channel: bool = True
    """Whether the network has a PET channel beside the CT's."""
    crop: Literal["none", "head_neck"] = "none"
    """Part of the CT that the network gets; `head_neck`: 200 x 200 x 310 mm around head and neck."""
    ct_range_hu: Range = (-1024.0, 3071.0)
    """Range in Hounsfield units that the CT is clipped to."""
    pet_range_suv: Range = (0.0, 50.0)
    """Range in SUV that the PET is clipped to."""
    suv_of_one: PositiveFloat = 10.0
    """SUV that becomes 1 in the network's channel; 0 stays 0, as where there is no PET."""
    outcomes: Outcomes | None = None
    """Models of stage and survival; None where the model can't answer for them."""
    rfs_means: Literal["survival", "risk"] = "survival"
    """Meaning of a larger number in rfs.json: a later relapse, in days, or a higher risk."""


SETTINGS: Mapping[str, Settings] = MappingProxyType({"default": Settings(), "winner": Settings(crop="head_neck")})
"""Presets of the settings by name."""


def channels_of(
    ct: sitk.Image,
    pet: sitk.Image | None,
    settings: Settings,
    *,
    files: Mapping[str, Path] = NO_FILES,
    absence: str = NO_PET,
) -> Channels:
    """Return the network's channels for one patient: the CT, then the PET on the CT's voxels.

    Args:
        ct: CT in Hounsfield units.
        pet: PET in SUV, on any grid; None where there is none.
        settings: Settings of the method, such as its channels and the part of the CT to segment.
        files: Files of the images by slug, for the sentence of an error.
        absence: Reason in words why there is no PET, for the note and the record.

    Returns:
        Two channels (2, z, y, x), one without `pet_channel`, on the CT's grid or a box of its voxels. The CT is in
        Hounsfield units; the network normalises. The PET is SUV over `suv_of_one`, and 0 where the PET does not reach;
        0 everywhere when there is none or it lies elsewhere, which a note and the record's `modalities` say.

    Raises:
        InputError: The CT is not in Hounsfield units, or the PET not in SUV.
    """
    _check_hounsfield(ct, files)
    if pet is not None and settings.pet_channel:
        _check_suv(pet, files)
    scans = _scans(ct, pet if settings.pet_channel else None, absence=absence)
    found = _region(scans, settings)
    grid = found.box.grid_in(scans.coarse.ct_grid)
    array = np.zeros((1 + settings.pet_channel, *grid.shape_zyx), np.float32)
    array[0] = found.box.of(sitk.GetArrayViewFromImage(ct))
    np.clip(array[0], *settings.ct_range_hu, out=array[0])
    if scans.pet is not None:
        resample_into(array[1], sitk.Cast(scans.pet, sitk.sitkFloat32), grid)
        np.clip(array[1], *settings.pet_range_suv, out=array[1])
        array[1] /= settings.suv_of_one
    notes, record = _facts(scans, found, settings)
    return Channels(array, grid, notes, record)


def _facts(scans: _Scans, found: HeadNeck, settings: Settings) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the notes on a patient's channels, and the facts that they are made from."""
    notes, record = [], dict(scans.record)
    if settings.pet_channel:
        record |= modality_record(PET_CHANNEL, used=scans.pet is not None, reason=scans.left_out)
        if scans.pet is None:
            notes.append(f"CT only: {scans.left_out}")
    if settings.crop != "none":
        notes.append(_crop_in_words(found, scans.coarse.ct_grid))
        record["crop"] = {"index_xyz": found.box.index_xyz, "size_xyz": found.box.size_xyz, "why": found.why}
    return tuple(notes), record


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the CT's grid, or on a box of its voxels.

    Raises:
        InputError: The CT is not in Hounsfield units, or the PET not in SUV.
        ModelError: Stage and survival are asked for, and the settings have no models of them.
    """
    if case.asked:
        _models_of(settings)  # not only once the networks have run
    absence = case.left_out.get(PET, NO_PET)
    return channels_of(case.images[CT], case.images.get(PET), settings, files=case.files, absence=absence)


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map on the CT's whole grid: background outside the box that the network got."""
    return put_back(label_map, Grid.of(case.reference))


def answer(label_map: sitk.Image, case: Case, settings: Settings) -> Answers:
    """Return T stage, N stage and relapse-free survival, from the label map, the PET and the health record.

    Args:
        label_map: Label map on the CT's grid, as `finish` returns it; may be empty.
        case: Images and health record.
        settings: Settings of the method, with the models of the outcomes.

    Raises:
        InputError: The PET is not in SUV.
        ModelError: The settings have no such models.
    """
    outcomes = _models_of(settings)
    ehr, notes = _ehr(case)
    pet = case.images.get(PET)
    if pet is not None:
        _check_suv(pet, case.files)  # not yet done where the network has no PET channel
    scans = _scans(case.images[CT], pet)
    features = features_of(label_map, scans.pet, ehr, coarse=scans.coarse)
    imputed = [name for name in outcomes.imputed(features) if name in IMAGE_FEATURES]
    if imputed:
        notes += (f"For stage and survival the training mean stands in for {', '.join(imputed)}.",)
    risk, days = outcomes.rfs.risk(features), outcomes.rfs.survival_days(features)
    return Answers(
        values={
            T_STAGE: outcomes.t_stage.level(features),
            N_STAGE: outcomes.n_stage.level(features),
            RFS: days if settings.rfs_means == "survival" else risk,
        },
        notes=notes,
        record={
            "outcomes": {
                # Only features of the images: the record's fields stay out of the log.
                "features": {name: features[name] if isfinite(features[name]) else None for name in IMAGE_FEATURES},
                "t_stage_probabilities": outcomes.t_stage.by_level(features),
                "n_stage_probabilities": outcomes.n_stage.by_level(features),
                "rfs_risk": risk,
                "rfs_days": days,
                "fitted_on": outcomes.fitted_on,
            }
        },
    )


def _models_of(settings: Settings) -> Outcomes:
    """Return the models of the outcomes.

    Raises:
        ModelError: The settings have none.
    """
    if settings.outcomes is None:
        raise ModelError(
            "method.json must hold outcomes, the models of T stage, N stage and relapse-free survival, but this model's"
            " has none. Fit them with hnseg-train outcomes hecktor and export the model again, or choose the edition"
            " that asks for none."
        )
    return settings.outcomes


@dataclass(frozen=True)
class _Scans:
    """Outline of a CT, and the PET that belongs to it.

    Attributes:
        coarse: Coarse copy of the CT, with the body on it.
        pet: PET in SUV; None where there is none that can be used.
        left_out: Reason in words why there is none; empty where there is one.
        record: Overlap of the PET and the body, for the provenance; empty without a PET.
    """

    coarse: CoarseCt
    pet: sitk.Image | None
    left_out: str
    record: Mapping[str, Any]


def _scans(ct: sitk.Image, pet: sitk.Image | None, *, absence: str = NO_PET) -> _Scans:
    """Return both scans of a patient, without the PET where it lies elsewhere."""
    coarse = coarse_ct_of(ct)
    if pet is None:
        return _Scans(coarse, None, absence, {})
    share, volume_ml = coarse.share_inside(Grid.of(pet))
    record = {"pet_overlap": {"share_of_body": round(share, 4), "body_l": round(volume_ml / 1000, 2)}}
    if share >= LEAST_FRACTION or volume_ml / 1000 >= LEAST_LITRES or not coarse.body.any():
        return _Scans(coarse, pet, "", record)
    left_out = (
        f"the PET covers {share:.1%} of the body on the CT, {volume_ml / 1000:.2f} l, and at least"
        f" {LEAST_FRACTION:.0%} or {LEAST_LITRES:g} l are needed. Do both belong to the same patient and scan?"
    )
    return _Scans(coarse, None, left_out, record)


def _region(scans: _Scans, settings: Settings) -> HeadNeck:
    """Return the part of the CT that the network gets, as a box of its voxels."""
    if settings.crop == "none":
        return HeadNeck(whole(scans.coarse.ct_grid), "the whole image, as the settings say")
    return find_head_and_neck(scans.coarse, scans.pet)


def _crop_in_words(found: HeadNeck, grid: Grid) -> str:
    """Return a sentence on the size of the box and the evidence for it."""
    kept, whole_size = (" x ".join(map(str, size)) for size in (found.box.size_xyz, grid.size_xyz))
    return f"The head and neck are {kept} of {whole_size} voxels, found by {found.why}."


def _ehr(case: Case) -> tuple[Ehr, tuple[str, ...]]:
    """Return the patient's health record, and a sentence for each gap in it."""
    if EHR in case.left_out:
        return Ehr(), (f"Nothing is known of the patient beside the images: {case.left_out[EHR]}",)
    if EHR not in case.values:
        return Ehr(), ("Nothing is known of the patient beside the images: there is no electronic health record.",)
    return read_ehr(case.values[EHR])


def _check_hounsfield(ct: sitk.Image, files: Mapping[str, Path]) -> None:
    """Refuse a CT that is not in Hounsfield units."""
    if looks_like_hounsfield(ct):
        return
    voxels = sitk.GetArrayViewFromImage(ct)
    raise InputError(
        f"The CT must be in Hounsfield units, with air below -200 and soft tissue around 0, but {files.get(CT, 'it')}"
        f" has values from {voxels.min():g} to {voxels.max():g}. Was the PET put into the CT's folder, or the CT stored"
        " without its rescale intercept?"
    )


def _check_suv(pet: sitk.Image, files: Mapping[str, Path]) -> None:
    """Refuse a PET that is not in SUV, with the likely cause and the cure."""
    found = files.get(PET, "it")
    if looks_like_hounsfield(pet):
        raise InputError(
            f"The PET must be in SUV, but {found} looks like a CT, since {shares_of_air_and_tissue(pet)[0]:.0%} of its"
            " values are those of air in Hounsfield units. Was a CT put into the PET's folder?"
        )
    doubt = doubt_of_suv(pet)
    if doubt is None:
        return
    cure = (
        " Convert it by the injected dose, the body weight and the decay until the scan; for HECKTOR 2026 the"
        " organisers' convert_nifti_Bq_SUV.py does so with suv_conversion_tags.csv."
    )
    raise InputError(
        f"The PET must be in SUV, muscle at 0.2 to 2 and a brain at 2 to 15, but {found} has {doubt.found}."
        f" {doubt.question}"
        f"{cure if doubt.unit == 'activity' else ' Give the PET in SUV as it was reconstructed.'}"
    )
