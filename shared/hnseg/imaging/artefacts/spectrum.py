"""Spectrum of a block of voxels: moduli of its Fourier transform under Hann's window, which keeps borders out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from hnseg.imaging.geometry import FloatArray

LEAST_VOXELS = 16
"""Smallest size along each axis of a block whose spectrum tells something."""


@dataclass(frozen=True)
class Spectrum:
    """Spectrum of a block, on the scale on which white noise as strong as the block's contrast has a mean square of 1.

    Attributes:
        moduli: Moduli, float32 (z, y, x), frequency 0 first; of x half, as of real values.
        cycles_zyx: Frequencies along each axis as fractions of the largest, 0 to 1.
        bins_zyx: Frequencies along each axis as numbers of periods in the block, 0 to half its size.
    """

    moduli: FloatArray
    cycles_zyx: tuple[npt.NDArray[np.float64], ...]
    bins_zyx: tuple[npt.NDArray[np.int64], ...]


def spectrum_of(block: FloatArray) -> Spectrum | None:
    """Return the spectrum of a block; None where it has fewer than 16 voxels along an axis, or one value alone.

    Args:
        block: Voxels, (z, y, x).

    >>> noise = np.random.default_rng(0).normal(40, 7, (32, 32, 32)).astype(np.float32)
    >>> round(float(np.square(spectrum_of(noise).moduli).mean()), 1)
    1.0
    """
    deviation = float(block.std(dtype=np.float64))
    if min(block.shape) < LEAST_VOXELS or not 0 < deviation < np.inf:
        return None
    windowed = ((block - block.mean(dtype=np.float64)) / deviation).astype(np.float32)
    energy = 1.0
    for axis, size in enumerate(block.shape):
        window = np.hanning(size + 2)[1:-1]
        energy *= float(np.square(window).sum())
        windowed *= window.astype(np.float32).reshape([-1 if each == axis else 1 for each in range(3)])
    moduli: FloatArray = np.abs(fft.rfftn(windowed, overwrite_x=True))
    moduli /= np.float32(np.sqrt(energy))
    bins = (_bins(block.shape[0]), _bins(block.shape[1]), np.arange(block.shape[2] // 2 + 1))
    cycles = tuple(of_axis / (size / 2) for of_axis, size in zip(bins, block.shape, strict=True))
    return Spectrum(moduli, cycles, bins)


def _bins(size: int) -> npt.NDArray[np.int64]:
    index = np.arange(size)
    return np.minimum(index, size - index)
