"""Weights on the frequencies of a volume along one axis.

What an artefact does to whole planes of the Fourier transform concerns one axis alone: along the other two, transform
and inverse cancel. The real part of the result is that of weights which are the mean of those at a frequency and at its
negative, so that half a transform along one axis is enough.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from hnseg.imaging.geometry import FloatArray

_BLOCK_VOXELS = 1 << 19  # transformed at once: a few MiB


def add_weighted(total: FloatArray, volume: FloatArray, weights: npt.NDArray[np.float64], *, axis: int) -> None:
    """Add to an array the real part of a volume with weighted frequencies.

    Args:
        total: Array that is added to, (z, y, x).
        volume: Volume of the same shape.
        weights: Weights of the frequencies along the axis, the frequency 0 at index n // 2, as `fftshift` has it.
        axis: Axis of the array, 0 for z.
    """
    size = volume.shape[axis]
    weights = np.fft.ifftshift(weights)
    both = (weights + np.roll(weights[::-1], 1))[: size // 2 + 1] / 2  # of a frequency and its negative
    along = both.astype(np.float32).reshape([-1 if each == axis else 1 for each in range(3)])
    across = 1 if axis == 0 else 0
    step = max(1, _BLOCK_VOXELS * volume.shape[across] // volume.size)
    for first in range(0, volume.shape[across], step):
        block = tuple(slice(first, first + step) if each == across else slice(None) for each in range(3))
        spectrum = fft.rfft(volume[block], axis=axis)
        spectrum *= along
        total[block] += fft.irfft(spectrum, size, axis=axis)
