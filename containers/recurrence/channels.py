"""Channels of the network: CT and PET in a box around the GTV, normalised as in Kutnár et al. (2023), and the GTV.

Training makes its samples with the same function as the container.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.recurrence.settings import Settings
from hnseg.errors import InputError
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.box import Box
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import FloatArray, Grid, resample_into
from hnseg.imaging.hounsfield import check_hounsfield
from hnseg.imaging.pet_ct.gtv_crop import gtv_crop
from hnseg.imaging.pet_ct.judged_pet import judge_pet

_LEAST_DEVIATION = 1e-3  # added to the PET's standard deviation, as in the paper's code


def recurrence_channels(
    ct: sitk.Image,
    pet: sitk.Image,
    gtv: sitk.Image,
    settings: Settings,
    *,
    ct_file: Path | None = None,
    pet_file: Path | None = None,
) -> Channels:
    """Return the network's channels around the GTV of one patient: CT, PET, and the GTV if it is one of them.

    Args:
        ct: CT in Hounsfield units.
        pet: PET in SUV, on any grid.
        gtv: Label map on the CT's grid, 1 in the GTV.
        settings: Settings, such as the size of the box.
        ct_file: File of the CT, for the sentence of an error.
        pet_file: File of the PET.

    Returns:
        Channels (2 or 3, z, y, x) on a box of the CT's voxels around the GTV, which may reach beyond the CT. The CT is
        clipped to -1024 to 1024 HU and divided by 1024. The PET, linear on the CT's voxels, has mean 0 and standard
        deviation 1 over those voxels of the box that both images reach. Elsewhere each channel has its smallest value.
        The GTV is 1, and 0 outside it.

    Raises:
        InputError: The CT is not in Hounsfield units, the PET not in SUV or elsewhere, or the GTV is empty.
    """
    check_hounsfield(ct, ct_file)
    box = gtv_crop(gtv, extent_mm=settings.extent_mm)
    inner, grid = box.inside(Grid.of(ct)), box.grid_in(Grid.of(ct))
    judged = judge_pet(pet, coarse_ct_of(ct), path=pet_file)
    if judged.pet is None:
        raise InputError(f"The network was trained on a PET in SUV, and can't do without: {judged.left_out}")
    place = inner.seen_from(box)
    array = np.empty((3 if settings.gtv_channel else 2, *grid.shape_zyx), np.float32)
    array[0] = -1.0
    place.of(array[0])[:] = np.clip(inner.of(sitk.GetArrayViewFromImage(ct)) / settings.ct_reach_hu, -1.0, 1.0)
    _fill_pet(array[1], judged.pet, grid, place, file=pet_file)
    if settings.gtv_channel:
        array[2] = 0.0
        place.of(array[2])[:] = inner.of(sitk.GetArrayViewFromImage(gtv)) > 0
    return Channels(array, grid, judged.notes, {**judged.record, "crop": crop_record(inner)})


def crop_record(box: Box) -> dict[str, Any]:
    """Return the fact, for a record, which voxels of the CT the box around the GTV holds."""
    return {"index_xyz": box.index_xyz, "size_xyz": box.size_xyz, "why": "the GTV"}


def _fill_pet(channel: FloatArray, pet: sitk.Image, grid: Grid, place: Box, *, file: Path | None) -> None:
    """Fill a channel with the PET as z-scores over what both images reach, the smallest of them elsewhere.

    Args:
        channel: Channel (z, y, x) to fill.
        pet: PET on its own grid.
        grid: Grid of the channel.
        place: Voxels of the channel that the CT reaches.
        file: File of the PET, for the sentence of an error.

    Raises:
        InputError: The PET reaches nothing of it.
    """
    resample_into(channel, sitk.Cast(pet, sitk.sitkFloat32), grid, outside=np.nan)
    shown = np.zeros(channel.shape, bool)
    place.of(shown)[:] = np.isfinite(place.of(channel))
    values = channel[shown]
    if not values.size:
        raise InputError(
            f"The PET must show the box around the GTV, but {file or 'it'} reaches no voxel of it."
            " Do both belong to the same patient and scan?"
        )
    mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    channel[~shown] = values.min()
    channel -= mean
    channel /= deviation + _LEAST_DEVIATION
