"""Method of HN-UISeg: the CT and the PET laid on it, and a user's clicks, each a ball in its structure's channel.

After HN-UISeg (MIDL 2026 submission): four channels, CT, PET, and the clicks of GTVp and GTVn. The clicks travel beside
the images, and are drawn on the network's grid as in training; see `hnseg.imaging.prompts.encoding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import SimpleITK as sitk

from containers.hn_uiseg.spec import CLICKS, CT, LABELS, PET
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.imaging.head_signs import doubt_in_words
from hnseg.imaging.pet_ct.channels import pet_ct_channels
from hnseg.imaging.pet_ct.judged_pet import NO_PET
from hnseg.imaging.pet_ct.label_map import PetCtMapSettings, on_whole_ct, outside_body_on
from hnseg.imaging.prompts.clicks_file import ClicksFile, parse_clicks
from hnseg.platform.case import Case
from hnseg.platform.inspection import Inspection


class Settings(PetCtMapSettings):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""


SETTINGS: Mapping[str, Settings] = MappingProxyType({"default": Settings(), "crop": Settings(crop="head_neck")})
"""Presets of the settings by name."""


def channel_count(settings: Settings) -> int:
    """Return the number of channels: the CT, and the PET where the settings have it; clicks have their own."""
    return 1 + settings.pet_channel


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the CT's grid, or on a box of its voxels, and the clicks.

    A note says which clicks can't be used and why, and where the CT may not show the head and neck.

    Raises:
        InputError: The CT is not in Hounsfield units.
    """
    channels = pet_ct_channels(
        case.images[CT],
        case.images.get(PET),
        settings,
        ct_file=case.files.get(CT),
        pet_file=case.files.get(PET),
        absence=case.left_out.get(PET, NO_PET),
    )
    found = _clicks(case)
    notes = [*channels.notes, *(f"Left out: {problem}" for problem in found.problems)]
    if "body_part" in channels.record:
        notes.append(doubt_in_words(channels.record["body_part"]))
    clicks = [{"name": click.in_words, "point_mm": list(click.point_mm)} for click in found.clicks]
    record = {**channels.record, "clicks": {"used": clicks, "left_out": list(found.problems)}}
    return replace(channels, notes=tuple(notes), record=record, clicks=found.clicks)


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


def _clicks(case: Case) -> ClicksFile:
    """Return the clicks of a case; a file that can't be read has none, and the reason."""
    if CLICKS in case.left_out:
        return ClicksFile((), (case.left_out[CLICKS],))
    if CLICKS not in case.values:
        return ClicksFile(())
    return parse_clicks(case.values[CLICKS], Grid.of(case.images[CT]), tuple(LABELS.values()))
