"""The method of HaN-Seg: the CT, and the T1 MR laid on it by a rigid registration.

After the challenge's winner (Podobnik et al. 2024): MR registered to the CT, both as channels of one nnU-Net. Training
makes its samples with the same `channels_of` as the container.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from pydantic import Field

from containers.han_seg.spec import CT, T1
from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of, resample_into
from hnseg.imaging.hounsfield import looks_like_hounsfield, shares_of_air_and_tissue
from hnseg.imaging.registration import HOUNSFIELD, Gate, RegistrationSettings, register_rigid
from hnseg.imaging.registration.record import record_of
from hnseg.platform.case import Case
from hnseg.records import Frozen

BRIGHTEST = 2.0  # of the scaled MR; a vessel with contrast medium reaches about 1.5

Percentile = Annotated[float, Field(ge=0, le=100)]


class Settings(Frozen):
    """What can be configured; `method.json` in the model folder holds the values a model was trained with."""

    mr_channel: bool = True
    """False gives the network the CT alone."""
    alignment: Literal["rigid", "none"] = "rigid"
    """`none` trusts the MR's header, to measure what the registration is worth."""
    gate: Gate = Gate()
    mr_percentiles: tuple[Percentile, Percentile] = (1.0, 99.5)
    """The MR's values at these percentiles become 0 and 1."""


def channels_of(ct: sitk.Image, mr: sitk.Image | None, settings: Settings) -> Channels:
    """Return the network's channels for one patient: the CT, then the MR on the CT's grid.

    Args:
        ct: In Hounsfield units.
        mr: Any grid, any units; None where there is none.
        settings: Whether there is an MR channel, and how it is made.

    Returns:
        Two channels, one without `mr_channel`. The CT is in Hounsfield units; the network normalises. The MR is 0 to
        about 1, and 0 where the MR does not reach; 0 everywhere when there is none or it can't be laid on the CT,
        which a note says.
    """
    grid = Grid.of(ct)
    array = np.zeros((1 + settings.mr_channel, *grid.shape_zyx), np.float32)
    array[0] = sitk.GetArrayViewFromImage(ct)
    if not settings.mr_channel:
        return Channels(array, grid)
    if mr is None:
        return Channels(array, grid, ("CT only: there is no T1 MR.",))
    if looks_like_hounsfield(mr):
        note = (
            f"CT only: the T1 MR looks like a CT, since {shares_of_air_and_tissue(mr)[0]:.0%} of its values are those"
            " of air in Hounsfield units. Was a CT put into the MR's folder?"
        )
        return Channels(array, grid, (note,))
    transform, note, record = _alignment(ct, mr, settings)
    if transform is not None:
        resample_into(array[1], _scaled(mr, settings), grid, transform=transform)
        np.clip(array[1], 0.0, BRIGHTEST, out=array[1])
    return Channels(array, grid, (note,), record)


def prepare(case: Case, settings: Settings) -> Channels:
    """Return the network's channels on the CT's grid.

    Raises:
        InputError: The CT is not in Hounsfield units.
    """
    ct = case.images[CT]
    if not looks_like_hounsfield(ct):
        lowest, highest = _range_of(ct)
        raise InputError(
            f"The CT must be in Hounsfield units, with air below -200 and soft tissue around 0, but {case.files[CT]}"
            f" has values from {lowest:g} to {highest:g}. Was the MR put into the CT's folder, or the CT stored without"
            " its rescale intercept?"
        )
    channels = channels_of(ct, case.images.get(T1), settings)
    if settings.mr_channel and T1 in case.left_out:
        return replace(channels, notes=(f"CT only: {case.left_out[T1]}",))
    return channels


def finish(label_map: sitk.Image, case: Case, settings: Settings) -> sitk.Image:
    """Return the label map as it is."""
    return label_map


def _alignment(
    ct: sitk.Image, mr: sitk.Image, settings: Settings
) -> tuple[sitk.Transform | None, str, Mapping[str, Any]]:
    """Return where CT points lie in the MR, None where that is not known; what was found; and the record of it."""
    if settings.alignment == "none":
        return sitk.Transform(3, sitk.sitkIdentity), "The T1 MR is laid on the CT by its header, unregistered.", {}
    started_s = time.monotonic()
    found = register_rigid(fixed=ct, moving=mr, settings=RegistrationSettings(fixed=HOUNSFIELD, gate=settings.gate))
    record = record_of(found, fixed=CT, moving=T1, seconds=time.monotonic() - started_s)
    if not found.accepted:
        why = f"{found.in_words()}. {found.report.likely_cause}".strip()
        return None, f"CT only: the T1 MR (moving) can't be laid on the CT (fixed): {why}", {"registration": record}
    return found.transform, f"The T1 MR was laid on the CT ({found.in_words()}).", {"registration": record}


def _scaled(mr: sitk.Image, settings: Settings) -> sitk.Image:
    """Return the MR, float32 on its own grid, 0 at its low percentile and 1 at its high one."""
    values: FloatArray = array_of(mr).astype(np.float32)
    low, high = np.percentile(values, settings.mr_percentiles)
    values -= low
    values /= (high - low) or 1.0
    return image_of(values, Grid.of(mr))


def _range_of(image: sitk.Image) -> tuple[float, float]:
    voxels = sitk.GetArrayViewFromImage(image)
    return float(voxels.min()), float(voxels.max())
