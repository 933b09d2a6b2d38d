"""Method of recurrence volumes, after Kutnár et al. (2023): a network, a share of SUVmax, or the GTV, by the settings.

A network gets CT and PET in a box around the GTV; its plans take the channels as they are (`noNorm`). The rules without
a network give probabilities of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import SimpleITK as sitk

from containers.recurrence.channels import recurrence_channels
from containers.recurrence.rules import gtv_itself, over_share_of_suvmax
from containers.recurrence.settings import Settings
from containers.recurrence.spec import CT, GTV, PET, PROBABILITY
from hnseg.imaging.box import put_back
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.platform.case import Case
from hnseg.rule.decision import Decision

__all__ = ["SETTINGS", "Settings", "channel_count", "decide", "finish", "needs_network", "prepare", "threshold"]

SETTINGS: Mapping[str, Settings] = MappingProxyType(
    {"default": Settings(), "suvmax": Settings(rule="suvmax"), "gtv": Settings(rule="gtv")}
)
"""Presets of the settings by name."""


def needs_network(settings: Settings) -> bool:
    """Return whether a network predicts the volume."""
    return settings.rule == "network"


def channel_count(settings: Settings) -> int:
    """Return the number of channels: CT and PET, and the GTV where the settings have it."""
    return 2 + settings.gtv_channel


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on a box of the CT's voxels around the GTV.

    Raises:
        InputError: The CT is not in Hounsfield units, the PET not in SUV or elsewhere, or the GTV is empty.
    """
    return recurrence_channels(
        case.images[CT],
        case.images[PET],
        case.images[GTV],
        settings,
        ct_file=case.files.get(CT),
        pet_file=case.files.get(PET),
    )


def threshold(settings: Settings) -> float:
    """Return the probability over which a voxel is predicted by a network."""
    return settings.threshold


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map on the CT's whole grid: background outside the box around the GTV."""
    grid = Grid.of(case.images[CT])
    return put_back(label_map, grid)


def decide(case: Case, settings: Settings) -> Decision:
    """Return the volume by the rule of the settings, and a probability of 1 in it and 0 elsewhere.

    Raises:
        InputError: The GTV is empty; or, of a share of SUVmax, the CT is not in Hounsfield units, or the PET can't be
            used.
    """
    rule = gtv_itself if settings.rule == "gtv" else over_share_of_suvmax
    volume, (notes, record) = rule(case, settings)
    return Decision(volume, {PROBABILITY: sitk.Cast(volume, sitk.sitkFloat32)}, notes, record)
