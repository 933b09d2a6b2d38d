"""Contrast of spikes in the Fourier transform: how far one coefficient stands out among its neighbours.

A spike in k-space draws a wave over the whole image (the herringbone artefact of MR). Anatomy has a smooth spectrum,
but for its lowest frequencies and for edges across an axis, whose coefficients lie on the axes of the spectrum: these
are left out.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from hnseg.imaging.artefacts.spectrum import Spectrum
from hnseg.imaging.body import Mask

_AXIS_BINS = 2  # a coefficient that is as low along two axes lies on the third
_LOW_BINS = 8  # distance from frequency 0 within which anatomy has peaks of its own
_AROUND, _PEAK = 9, 5  # edges of the neighbourhood, and of what a spike fills of it under Hann's window
_LEAST_SHARE = 1e-6  # of the largest modulus: what is less is rounding
_MODES: tuple[Literal["wrap", "mirror"], ...] = (
    "wrap",
    "wrap",
    "mirror",
)  # along x there is half the spectrum, the other half its mirror image


def spike_contrast(spectrum: Spectrum) -> float:
    """Return the largest log modulus above the mean of its neighbours.

    Neighbours are the 9 x 9 x 9 coefficients around it less the 5 x 5 x 5 in the middle. Noise alone, whose moduli are
    distributed as Rayleigh's, has 1.5 to 1.9 in a block of 128 voxels along each axis.

    Args:
        spectrum: Spectrum of a block.

    Returns:
        Natural logarithm of a ratio: 4 where one coefficient is 55 times as large as its neighbours.
    """
    moduli = spectrum.moduli
    logs = np.log(np.maximum(moduli, moduli.max() * np.float32(_LEAST_SHARE)))
    around = ndimage.uniform_filter(logs, _AROUND, mode=_MODES)
    around *= _AROUND**3
    around -= ndimage.uniform_filter(logs, _PEAK, mode=_MODES) * _PEAK**3
    around /= _AROUND**3 - _PEAK**3
    logs -= around
    logs[_is_left_out(spectrum)] = 0
    return float(logs.max())


def _is_left_out(spectrum: Spectrum) -> Mask:
    """Return where a coefficient lies on an axis or has a low frequency, (z, y, x)."""
    z, y, x = np.ix_(*spectrum.bins_zyx)
    low_along = (z <= _AXIS_BINS).astype(np.uint8) + (y <= _AXIS_BINS) + (x <= _AXIS_BINS)
    return np.asarray((low_along >= 2) | (z**2 + y**2 + x**2 <= _LOW_BINS**2))
