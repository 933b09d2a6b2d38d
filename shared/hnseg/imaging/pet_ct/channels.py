"""Channels of a PET/CT: the CT, then the PET laid on its voxels, around the head and neck where settings say so.

The preset `winner` is after Myronenko et al., winner of HECKTOR 2022: a box of head and neck. Training makes its
samples with the same functions as the containers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import AfterValidator, FiniteFloat, PositiveFloat

from hnseg.imaging.body import CoarseCt, coarse_ct_of
from hnseg.imaging.box import whole
from hnseg.imaging.channels import Channels, modality_record
from hnseg.imaging.geometry import Grid, resample_into
from hnseg.imaging.head_neck import HeadNeck, find_head_and_neck
from hnseg.imaging.head_signs import head_signs_of
from hnseg.imaging.hounsfield import check_hounsfield
from hnseg.imaging.pet_ct.judged_pet import NO_PET, JudgedPet, judge_pet
from hnseg.records import Frozen

PET_CHANNEL = "pet"


def _from_low_to_high(values: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a range, of which the first must be the lower."""
    if values[0] >= values[1]:
        raise ValueError(f"must go from low to high, found {values}")
    return values


Range = Annotated[tuple[FiniteFloat, FiniteFloat], AfterValidator(_from_low_to_high)]


class PetCtSettings(Frozen):
    """Settings of a PET/CT's channels, with which a network was trained."""

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


@dataclass(frozen=True)
class Scans:
    """PET and CT of a patient, judged.

    Attributes:
        coarse: Coarse copy of the CT, with the body on it.
        judged: PET, if it can be used.
    """

    coarse: CoarseCt
    judged: JudgedPet


def scans_of(ct: sitk.Image, pet: sitk.Image | None, *, pet_file: Path | None = None, absence: str = NO_PET) -> Scans:
    """Return both scans of a patient, without a PET that can't be used; see `pet_ct_channels` for the arguments."""
    coarse = coarse_ct_of(ct)
    return Scans(coarse, judge_pet(pet, coarse, path=pet_file, absence=absence))


def pet_ct_channels(
    ct: sitk.Image,
    pet: sitk.Image | None,
    settings: PetCtSettings,
    *,
    ct_file: Path | None = None,
    pet_file: Path | None = None,
    absence: str = NO_PET,
) -> Channels:
    """Return the network's channels for one patient: the CT, then the PET on the CT's voxels.

    Args:
        ct: CT in Hounsfield units.
        pet: PET in SUV, on any grid; None where there is none.
        settings: Settings, such as the channels and the part of the CT to segment.
        ct_file: File of the CT, for the sentence of an error.
        pet_file: File of the PET.
        absence: Reason in words why there is no PET, for the note and the record.

    Returns:
        Two channels (2, z, y, x), one without `pet_channel`, on the CT's grid or a box of its voxels. The CT is in
        Hounsfield units; the network normalises. The PET is SUV over `suv_of_one`, and 0 where the PET does not reach;
        0 everywhere when there is none, it is not in SUV or it lies elsewhere, which a note and the record's
        `modalities` say.

    Raises:
        InputError: The CT is not in Hounsfield units.
    """
    check_hounsfield(ct, ct_file)
    scans = scans_of(ct, pet if settings.pet_channel else None, pet_file=pet_file, absence=absence)
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


def _facts(scans: Scans, found: HeadNeck, settings: PetCtSettings) -> tuple[tuple[str, ...], dict[str, Any]]:
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


def _region(scans: Scans, settings: PetCtSettings) -> HeadNeck:
    """Return the part of the CT that the network gets, as a box of its voxels."""
    if settings.crop == "none":
        signs = head_signs_of(scans.coarse)
        return HeadNeck(whole(scans.coarse.ct_grid), "the whole image, as the settings say", signs)
    return find_head_and_neck(scans.coarse, scans.judged.pet)


def _crop_in_words(found: HeadNeck, grid: Grid) -> str:
    """Return a sentence on the size of the box and the evidence for it."""
    kept, whole_size = (" x ".join(map(str, size)) for size in (found.box.size_xyz, grid.size_xyz))
    return f"The head and neck are {kept} of {whole_size} voxels, found by {found.why}."
