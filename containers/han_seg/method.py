"""Method of HaN-Seg: the CT, and the T1 MR laid on it by a rigid registration.

After the challenge's winner (Podobnik et al. 2024): MR registered to the CT, both as channels of one nnU-Net. Training
makes its samples with the same `channels_of` as the container.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import Field

from containers.han_seg.spec import CT, LABELS, T1
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.channels import Channels, modality_record
from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of, resample_into
from hnseg.imaging.head_signs import head_signs_of
from hnseg.imaging.hounsfield import check_hounsfield, looks_like_hounsfield, shares_of_air_and_tissue
from hnseg.imaging.outside_body import kept_inside_body, outside_body
from hnseg.imaging.registration import HOUNSFIELD, Gate, RegistrationSettings, register_rigid
from hnseg.imaging.registration.record import record_of
from hnseg.platform.case import Case
from hnseg.platform.inspection import Inspection
from hnseg.records import Frozen

MR = "mr"
NO_MR = "there is no T1 MR."
BRIGHTEST = 2.0  # largest value of the scaled MR; a vessel with contrast medium reaches about 1.5

Percentile = Annotated[float, Field(ge=0, le=100)]


class Settings(Frozen):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""

    mr_channel: bool = True
    """Whether the network has an MR channel beside the CT's."""
    alignment: Literal["rigid", "none"] = "rigid"
    """Way to lay the MR on the CT; `none` trusts the MR's header, to measure the registration's worth."""
    gate: Gate = Gate()
    """Limits that a registration must keep to be used."""
    mr_percentiles: tuple[Percentile, Percentile] = (1.0, 99.5)
    """Percentiles, 0 to 100, of the MR's values that become 0 and 1."""
    keep_inside_body: bool = False
    """Whether voxels outside the body on the CT are set to background."""


def channels_of(ct: sitk.Image, mr: sitk.Image | None, settings: Settings, *, absence: str = NO_MR) -> Channels:
    """Return the network's channels for one patient: the CT, then the MR on the CT's grid.

    Args:
        ct: CT in Hounsfield units.
        mr: T1 MR on any grid, in any units; None where there is none.
        settings: Settings of the method, such as whether there is an MR channel.
        absence: Reason in words why there is no MR, for the note and the record.

    Returns:
        Two channels (2, z, y, x), one without `mr_channel`. The CT is in Hounsfield units; the network normalises. The
        MR is 0 to about 1, and 0 where the MR does not reach; 0 everywhere when there is none or it can't be laid on
        the CT, which a note and the record's `modalities` say.
    """
    grid = Grid.of(ct)
    array = np.zeros((1 + settings.mr_channel, *grid.shape_zyx), np.float32)
    array[0] = sitk.GetArrayViewFromImage(ct)
    if not settings.mr_channel:
        return Channels(array, grid)
    found = _Alignment(None, absence) if mr is None else _align(ct, mr, settings)
    if mr is None or found.transform is None:
        record = modality_record(MR, used=False, reason=found.in_words)
        return Channels(array, grid, (f"CT only: {found.in_words}",), {**record, **found.record})
    resample_into(array[1], _scaled(mr, settings), grid, transform=found.transform)
    np.clip(array[1], 0.0, BRIGHTEST, out=array[1])
    return Channels(array, grid, (found.in_words,), {**modality_record(MR, used=True), **found.record})


def channel_count(settings: Settings) -> int:
    """Return the number of channels: the CT, and the MR where the settings have it."""
    return 1 + settings.mr_channel


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the CT's grid, with a note where the CT may not show the head and neck.

    Raises:
        InputError: The CT is not in Hounsfield units.
    """
    ct = case.images[CT]
    check_hounsfield(ct, case.files.get(CT), instead="the MR")
    channels = channels_of(ct, case.images.get(T1), settings, absence=case.left_out.get(T1, NO_MR))
    signs = head_signs_of(coarse_ct_of(ct))
    if not (doubt := signs.doubt()):
        return channels
    return replace(channels, notes=(*channels.notes, doubt), record={**channels.record, "body_part": signs.record})


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map as it is; with `keep_inside_body`, background outside the body on the CT."""
    return kept_inside_body(label_map, case.images[CT]) if settings.keep_inside_body else label_map


def inspect(label_map: sitk.Image, case: Case, settings: Settings) -> Inspection:
    """Return the share of each organ that lies outside the body on the CT, noted where it is more than 1 %.

    Args:
        label_map: Label map as it was predicted, on the CT's grid.
        case: Images of the case.
        settings: Settings of the method.
    """
    found = outside_body(label_map, case.images[CT], LABELS)
    return Inspection(found.notes(removed=settings.keep_inside_body), found.record)


@dataclass(frozen=True)
class _Alignment:
    """Place of the MR on the CT.

    Attributes:
        transform: Transform from points of the CT to points of the MR, both in mm; None where it is not known.
        in_words: Sentence on how the transform was found, or the reason why there is none.
        record: Facts about the registration, for the provenance; empty without one.
    """

    transform: sitk.Transform | None
    in_words: str
    record: Mapping[str, Any] = field(default_factory=dict)


def _align(ct: sitk.Image, mr: sitk.Image, settings: Settings) -> _Alignment:
    """Return the place of the MR on the CT, by its header or a rigid registration."""
    if looks_like_hounsfield(mr):
        return _Alignment(
            None,
            f"the T1 MR looks like a CT, since {shares_of_air_and_tissue(mr)[0]:.0%} of its values are those"
            " of air in Hounsfield units. Was a CT put into the MR's folder?",
        )
    if settings.alignment == "none":
        identity = sitk.Transform(3, sitk.sitkIdentity)
        return _Alignment(identity, "The T1 MR is laid on the CT by its header, unregistered.")
    started_s = time.monotonic()
    found = register_rigid(fixed=ct, moving=mr, settings=RegistrationSettings(fixed=HOUNSFIELD, gate=settings.gate))
    record = {"registration": record_of(found, fixed=CT, moving=T1, seconds=time.monotonic() - started_s)}
    if not found.accepted:
        why = f"{found.in_words()}. {found.report.likely_cause}".strip()
        return _Alignment(None, f"the T1 MR (moving) can't be laid on the CT (fixed): {why}", record)
    return _Alignment(found.transform, f"The T1 MR was laid on the CT ({found.in_words()}).", record)


def _scaled(mr: sitk.Image, settings: Settings) -> sitk.Image:
    """Return the MR, float32 on its own grid, 0 at its low percentile and 1 at its high one."""
    values: FloatArray = array_of(mr).astype(np.float32)
    low, high = np.percentile(values, settings.mr_percentiles)
    values -= low
    values /= (high - low) or 1.0
    return image_of(values, Grid.of(mr))
