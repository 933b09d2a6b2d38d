"""Normalisation of intensities, in place and in float32: the schemes of nnU-Net."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hnseg.errors import InputError
from hnseg.imaging.geometry import FloatArray
from hnseg.inference.model.nnunet_plans import Intensities, Normalisation

_LEAST = 1e-8  # nnU-Net never divides by less

Mask = npt.NDArray[np.bool_]


def normalise(volume: FloatArray, scheme: Normalisation, intensities: Intensities, inside: Mask | None) -> None:
    """Normalise one channel in place.

    Args:
        volume: Channel (z, y, x), float32; it is changed.
        scheme: Scheme by the name it has in the plans.
        intensities: Intensities of the channel's foreground in the training set; only CT uses them.
        inside: Mask in which z-scores are computed and applied; None for everywhere. The other schemes don't use it.

    Raises:
        InputError: The intensities are not what the scheme is for.
    """
    _SCHEMES[scheme](volume, intensities, inside)


def _z_score(volume: FloatArray, _: Intensities, inside: Mask | None) -> None:
    if inside is None:
        mean, std = volume.mean(), volume.std()
        volume -= mean
        volume /= _divisor(std)
        return
    voxels = volume[inside]
    volume[inside] = (voxels - voxels.mean()) / _divisor(voxels.std())


def _divisor(std: np.float32) -> float:
    """Return what a z-score divides by: NaN where the standard deviation is infinite, which would make all voxels 0."""
    return max(float(std), _LEAST) if np.isfinite(std) else float("nan")


def _ct(volume: FloatArray, intensities: Intensities, _: Mask | None) -> None:
    np.clip(volume, intensities.percentile_00_5, intensities.percentile_99_5, out=volume)
    volume -= intensities.mean
    volume /= max(intensities.std, _LEAST)


def _none(_volume: FloatArray, _: Intensities, _inside: Mask | None) -> None:
    """Leave the intensities as they are."""


def _from_0_to_1(volume: FloatArray, _: Intensities, _inside: Mask | None) -> None:
    volume -= volume.min()
    volume /= max(volume.max(), _LEAST)


def _rgb(volume: FloatArray, _: Intensities, _inside: Mask | None) -> None:
    low, high = float(volume.min()), float(volume.max())
    if low < 0 or high > 255:
        raise InputError(
            f"The model was trained on colour channels from 0 to 255, but the image holds {low:g} to {high:g}."
            " Was another image given?"
        )
    volume /= 255.0


_SCHEMES: dict[Normalisation, Callable[[FloatArray, Intensities, Mask | None], None]] = {
    "ZScoreNormalization": _z_score,
    "CTNormalization": _ct,
    "NoNormalization": _none,
    "RescaleTo01Normalization": _from_0_to_1,
    "RGBTo01Normalization": _rgb,
}
