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

_LOW_BINS = 2  # a coefficient that is as low along two axes or three lies on an axis or in the middle
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
    low = [bins <= _LOW_BINS for bins in spectrum.bins_zyx]
    on_axes = sum(flags.reshape([-1 if each == axis else 1 for each in range(3)]) for axis, flags in enumerate(low))
    logs[np.asarray(on_axes) >= 2] = 0
    return float(logs.max())
