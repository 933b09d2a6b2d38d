"""Method of HECKTOR: the CT and the PET laid on it, around the head where the settings say so; then the outcomes.

The preset `winner` is after Myronenko et al., winner of HECKTOR 2022: a box of head and neck. Training makes its
samples with the same `channels_of` as the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import SimpleITK as sitk

from containers.hecktor.answers import answers_of, uptake_in_words
from containers.hecktor.outcomes import Outcomes
from containers.hecktor.spec import CT, LABELS, PET
from hnseg.errors import ModelError
from hnseg.imaging.channels import Channels
from hnseg.imaging.head_signs import doubt_in_words
from hnseg.imaging.pet_ct.channels import pet_ct_channels, scans_of
from hnseg.imaging.pet_ct.judged_pet import NO_PET
from hnseg.imaging.pet_ct.label_map import PetCtMapSettings, on_whole_ct, outside_body_on
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from hnseg.platform.inspection import Inspection


class Settings(PetCtMapSettings):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""

    outcomes: Outcomes | None = None
    """Models of stage and survival; None where the model can't answer for them."""
    rfs_means: Literal["survival", "risk"] = "survival"
    """Meaning of a larger number in rfs.json: a later relapse, in days, or a higher risk."""


SETTINGS: Mapping[str, Settings] = MappingProxyType({"default": Settings(), "winner": Settings(crop="head_neck")})
"""Presets of the settings by name."""


def channel_count(settings: Settings) -> int:
    """Return the number of channels: the CT, and the PET where the settings have it."""
    return 1 + settings.pet_channel


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
    channels = pet_ct_channels(
        case.images[CT],
        case.images.get(PET),
        settings,
        ct_file=case.files.get(CT),
        pet_file=case.files.get(PET),
        absence=absence,
    )
    if "body_part" not in channels.record:
        return channels
    return replace(channels, notes=(*channels.notes, doubt_in_words(channels.record["body_part"])))


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map on the CT's whole grid: background outside the box that the network got.

    With `keep_inside_body`, background also outside the body on the CT.
    """
    return on_whole_ct(label_map, case.images[CT], inside_body=settings.keep_inside_body)


def inspect(label_map: sitk.Image, case: Case, settings: Settings) -> Inspection:
    """Return the share of each structure that lies outside the body on the CT, noted where it is more than 1 %.

    Args:
        label_map: Label map as it was predicted, on the box that the network got.
        case: Images of the case.
        settings: Settings of the method.
    """
    found = outside_body_on(label_map, case.images[CT], LABELS)
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
    scans = scans_of(case.images[CT], case.images.get(PET), pet_file=case.files.get(PET))
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
