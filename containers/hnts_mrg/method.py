"""Method of HNTS-MRG task 2: mid-RT T2w and, from the pre-RT tumours, a gradient map.

After Ren et al., GradientSegHNTS (arXiv:2410.12941). Training makes its samples with the same `channels_of` as the
container.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import Field, NonNegativeFloat

from containers.hnts_mrg.spec import LABELS, MID_T2W, PRE_MASK, PRE_T2W, REGISTERED_MASK
from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.components import drop_smaller_than
from hnseg.imaging.geometry import Grid, array_of, as_float32, resample_label_map
from hnseg.imaging.gradient_map import GradientMapSettings, gradient_map
from hnseg.imaging.registration import register_rigid
from hnseg.imaging.registration.record import record_of
from hnseg.platform.case import Case
from hnseg.records import Frozen


class Settings(Frozen):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""

    gradient_channel: bool = True
    """Whether the network has a gradient map beside the T2w; without it, as in the paper's ablation."""
    gradient_map: GradientMapSettings = GradientMapSettings()
    """Settings of the gradient map."""
    minimum_volume_mm3: dict[Literal["GTVp", "GTVn"], NonNegativeFloat] = Field(default_factory=dict)
    """Smallest volume of a predicted piece in mm3, by structure; smaller pieces become background."""


def channels_of(
    t2w: sitk.Image, prior: sitk.Image | None, settings: Settings, *, rng: np.random.Generator | None = None
) -> Channels:
    """Return the network's channels for one image: the T2w, then the gradient map.

    Args:
        t2w: T2w to segment, on any grid.
        prior: Mask on the same grid, 1 GTVp and 2 GTVn: the registered pre-RT mask of a mid-RT image, the pre-RT mask
            of a pre-RT image; None or empty gives a map of zeros.
        settings: Settings of the method, such as whether there is a gradient map.
        rng: Random numbers for the boxes' margins, in training; left out, the margins are fixed and the result is
            always the same.

    Returns:
        Two channels (2, z, y, x), one without `gradient_channel`. Intensities are the image's own; the network
        normalises.
    """
    grid = Grid.of(t2w)
    intensities = as_float32(array_of(t2w))
    if not settings.gradient_channel:
        return Channels(intensities[np.newaxis], grid)
    if prior is None:
        note = "There is no prior mask, so the gradient map is zero everywhere."
        return Channels(np.stack([intensities, np.zeros_like(intensities)]), grid, (note,))
    drawn = gradient_map(array_of(t2w), array_of(prior), settings.gradient_map, rng=rng)
    notes = drawn.notes
    if not drawn.boxes:
        notes = ("The prior mask is empty, so the gradient map is zero everywhere.",)
    targets = tuple(box.slices for box in drawn.boxes)
    return Channels(np.stack([intensities, drawn.array]), grid, notes, targets=targets)


def channel_count(settings: Settings) -> int:
    """Return the number of channels: the T2w, and the gradient map where the settings have it."""
    return 1 + settings.gradient_channel


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the mid-RT grid.

    The registered pre-RT mask is the prior. Without it, the pre-RT mask is carried over by a rigid registration of the
    pre-RT T2w; without that, the gradient map is zero. A note tells which of the two was done. An image that breaks
    what its socket promises fails the case where it would be used, and gives a note where it would not.

    Raises:
        InputError: An image that would be used breaks what its socket promises.
    """
    channels = _channels(case, settings)
    return replace(channels, notes=(*channels.notes, *(f"Not used: {reason}" for reason in case.left_out.values())))


def _channels(case: Case, settings: Settings) -> Channels:
    mid = case.images[MID_T2W]
    if not settings.gradient_channel:
        return channels_of(mid, None, settings)
    _check_used(case, REGISTERED_MASK)
    if case.has(REGISTERED_MASK):
        return channels_of(mid, case.images[REGISTERED_MASK], settings)
    _check_used(case, PRE_T2W, PRE_MASK)
    if not case.has(PRE_T2W, PRE_MASK):
        return channels_of(mid, None, settings)
    prior, note, record = _carried_over(mid, case)
    channels = channels_of(mid, prior, settings)
    return replace(channels, notes=(note, *channels.notes), record={"registration": record})


def _check_used(case: Case, *slugs: str) -> None:
    """Refuse the case for an image that would be used, but breaks what its socket promises."""
    for slug in slugs:
        if slug in case.left_out:
            raise InputError(case.left_out[slug])


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map without pieces under `minimum_volume_mm3`; by default as it is."""
    if not any(settings.minimum_volume_mm3.values()):
        return label_map
    label_of = {name: label for label, name in LABELS.items()}
    return drop_smaller_than(
        label_map, volume_mm3={label_of[name]: volume for name, volume in settings.minimum_volume_mm3.items()}
    )


def _carried_over(mid: sitk.Image, case: Case) -> tuple[sitk.Image | None, str, dict[str, Any]]:
    """Return the pre-RT mask on the mid-RT grid, a note on it and the registration's record; no mask where it fails."""
    started_s = time.monotonic()
    found = register_rigid(fixed=mid, moving=case.images[PRE_T2W])
    record = record_of(found, fixed=MID_T2W, moving=PRE_T2W, seconds=time.monotonic() - started_s)
    if not found.accepted:
        note = (
            "The registered pre-RT mask is missing, and a rigid registration of the T2w pair can't carry the pre-RT"
            f" mask over: {found.in_words()}."
        )
        return None, note, record
    mask = resample_label_map(case.images[PRE_MASK], Grid.of(mid), transform=found.transform)
    note = (
        "The registered pre-RT mask is missing; a rigid registration of the T2w pair carried the pre-RT mask over"
        f" ({found.in_words()})."
    )
    return mask, note, record
