"""Method of HECKTOR: the CT and the PET laid on it, around the head where the settings say so; then the outcomes.

The preset `winner` is after Myronenko et al., winner of HECKTOR 2022: a box of head and neck. Training makes its
samples with the same `channels_of` as the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import AfterValidator, FiniteFloat, PositiveFloat

from containers.hecktor.answers import answers_of, uptake_in_words
from containers.hecktor.outcomes import Outcomes
from containers.hecktor.pet import NO_PET, JudgedPet, judge_pet
from containers.hecktor.spec import CT, LABELS, PET
from hnseg.errors import InputError, ModelError
from hnseg.imaging.body import CoarseCt, coarse_ct_of
from hnseg.imaging.box import put_back, whole
from hnseg.imaging.channels import Channels, modality_record
from hnseg.imaging.geometry import Grid, resample_into
from hnseg.imaging.head_neck import HeadNeck, find_head_and_neck
from hnseg.imaging.head_signs import doubt_in_words, head_signs_of
from hnseg.imaging.hounsfield import looks_like_hounsfield
from hnseg.imaging.outside_body import kept_inside_body, outside_body
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from hnseg.platform.inspection import Inspection
from hnseg.records import Frozen

PET_CHANNEL = "pet"
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
    keep_inside_body: bool = False
    """Whether voxels outside the body on the CT are set to background."""
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
        0 everywhere when there is none, it is not in SUV or it lies elsewhere, which a note and the record's
        `modalities` say.

    Raises:
        InputError: The CT is not in Hounsfield units.
    """
    _check_hounsfield(ct, files)
    scans = _scans(ct, pet if settings.pet_channel else None, files=files, absence=absence)
    found = _region(scans, settings)
    grid = found.box.grid_in(scans.coarse.ct_grid)
    array = np.zeros((1 + settings.pet_channel, *grid.shape_zyx), np.float32)
    array[0] = found.box.of(sitk.GetArrayViewFromImage(ct))
    np.clip(array[0], *settings.ct_range_hu, out=array[0])
    if scans.judged.pet is not None:
        resample_into(array[1], sitk.Cast(scans.judged.pet, sitk.sitkFloat32), grid)
        np.clip(array[1], *settings.pet_range_suv, out=array[1])
        array[1] /= settings.suv_of_one
    notes, record = _facts(scans, found, settings)
    return Channels(array, grid, notes, record)


def _facts(scans: _Scans, found: HeadNeck, settings: Settings) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the notes on a patient's channels, and the facts that they are made from."""
    judged = scans.judged
    notes, record = list(judged.notes), dict(judged.record)
    if settings.pet_channel:
        record |= modality_record(PET_CHANNEL, used=judged.pet is not None, reason=judged.left_out)
        if judged.pet is None:
            notes.append(f"CT only: {judged.left_out}")
    if settings.crop != "none":
        notes.append(_crop_in_words(found, scans.coarse.ct_grid))
        record["crop"] = {"index_xyz": found.box.index_xyz, "size_xyz": found.box.size_xyz, "why": found.why}
    if not found.signs.shows_head_or_neck:
        record["body_part"] = found.signs.record
    return tuple(notes), record


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the CT's grid, or on a box of its voxels.

    A note says where the CT may not show the head and neck.

    Raises:
        InputError: The CT is not in Hounsfield units.
        ModelError: Stage and survival are asked for, and the settings have no models of them.
    """
    if case.asked:
        _models_of(settings)  # not only once the networks have run
    absence = case.left_out.get(PET, NO_PET)
    channels = channels_of(case.images[CT], case.images.get(PET), settings, files=case.files, absence=absence)
    if "body_part" not in channels.record:
        return channels
    return replace(channels, notes=(*channels.notes, doubt_in_words(channels.record["body_part"])))


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map on the CT's whole grid: background outside the box that the network got.

    With `keep_inside_body`, background also outside the body on the CT.
    """
    whole_map = put_back(label_map, Grid.of(case.reference))
    return kept_inside_body(whole_map, case.images[CT]) if settings.keep_inside_body else whole_map


def inspect(label_map: sitk.Image, case: Case, settings: Settings) -> Inspection:
    """Return the share of each structure that lies outside the body on the CT, noted where it is more than 1 %.

    Args:
        label_map: Label map as it was predicted, on the box that the network got.
        case: Images of the case.
        settings: Settings of the method.
    """
    found = outside_body(put_back(label_map, Grid.of(case.reference)), case.images[CT], LABELS)
    return Inspection(found.notes(removed=settings.keep_inside_body), found.record)


def answer(label_map: sitk.Image, case: Case, settings: Settings) -> Answers:
    """Return T stage, N stage and relapse-free survival, from the label map, the PET and the health record.

    Args:
        label_map: Label map on the CT's grid, as `finish` returns it; may be empty.
        case: Images and health record.
        settings: Settings of the method, with the models of the outcomes.

    Raises:
        ModelError: The settings have no such models.
    """
    outcomes = _models_of(settings)
    scans = _scans(case.images[CT], case.images.get(PET), files=case.files)
    found = answers_of(label_map, scans.coarse, scans.judged, case, outcomes, rfs_means=settings.rfs_means)
    # What is odd about a PET is said of the channels where the network has one.
    return found if settings.pet_channel else replace(found, notes=(*uptake_in_words(scans.judged), *found.notes))


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
    """Both scans of a patient.

    Attributes:
        coarse: Coarse copy of the CT, with the body on it.
        judged: PET, if it can be used.
    """

    coarse: CoarseCt
    judged: JudgedPet


def _scans(ct: sitk.Image, pet: sitk.Image | None, *, files: Mapping[str, Path], absence: str = NO_PET) -> _Scans:
    """Return both scans of a patient, without a PET that can't be used."""
    coarse = coarse_ct_of(ct)
    return _Scans(coarse, judge_pet(pet, coarse, path=files.get(PET), absence=absence))


def _region(scans: _Scans, settings: Settings) -> HeadNeck:
    """Return the part of the CT that the network gets, as a box of its voxels."""
    if settings.crop == "none":
        signs = head_signs_of(scans.coarse)
        return HeadNeck(whole(scans.coarse.ct_grid), "the whole image, as the settings say", signs)
    return find_head_and_neck(scans.coarse, scans.judged.pet)


def _crop_in_words(found: HeadNeck, grid: Grid) -> str:
    """Return a sentence on the size of the box and the evidence for it."""
    kept, whole_size = (" x ".join(map(str, size)) for size in (found.box.size_xyz, grid.size_xyz))
    return f"The head and neck are {kept} of {whole_size} voxels, found by {found.why}."


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
