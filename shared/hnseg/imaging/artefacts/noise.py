"""Noise of an image: of a CT in Hounsfield units inside the body, of any other as a share of its own contrast.

A PET inside the body is too uneven for its voxels to tell noise from uptake; a scanner blurs what it sees, so that
noise alone is left at the corners of the spectrum.
"""

from __future__ import annotations

import math

import numpy as np

from hnseg.imaging.artefacts.spectrum import Spectrum
from hnseg.imaging.body import Mask
from hnseg.imaging.geometry import FloatArray

_LEAST_SIZE = 3  # of a second difference
_GAIN = 6.0  # standard deviation of twice a second difference of white noise: (1 + 4 + 1)
_MEDIAN_OF_NORMAL = 0.67449  # median of the absolute value, in standard deviations
_CORNER = 0.75  # of the largest frequency of each axis
_LEAST_VOXELS = 1000  # of the body in the block


def noise_inside(block: FloatArray, body: Mask) -> float | None:
    """Return the standard deviation of the noise inside a body, in the block's units.

    After Immerkaer (Computer Vision and Image Understanding 1996, 64:300), who takes the second difference along both
    axes of a slice, blind to edges along either; here the median of its absolute values, so that a few edges do not
    count.

    Args:
        block: Voxels, (z, y, x).
        body: Mask of the body, (z, y, x); where it has fewer than 1000 voxels, as of an image that is nothing but
            noise, the whole block is taken.

    Returns:
        Standard deviation; None where a slice has fewer than three voxels along an axis.

    >>> noise = np.random.default_rng(0).normal(40, 12, (20, 30, 30)).astype(np.float32)
    >>> round(noise_inside(noise, np.ones(noise.shape, bool)))
    12
    """
    if min(block.shape[1:]) < _LEAST_SIZE:
        return None
    along_y = block[:, :-2] - 2 * block[:, 1:-1] + block[:, 2:]
    differences = np.abs(along_y[:, :, :-2] - 2 * along_y[:, :, 1:-1] + along_y[:, :, 2:])
    inner = body[:, 1:-1, 1:-1]
    inside = differences[inner] if inner.sum() >= _LEAST_VOXELS else differences
    return float(np.median(inside)) / (_MEDIAN_OF_NORMAL * _GAIN)


def noise_share(spectrum: Spectrum) -> float:
    """Return the standard deviation of the noise as a share of that of the block, 0 to 1.

    It is the median power over frequencies that are above three quarters of the largest along each axis, where the
    power of white noise has the exponential distribution, whose median is ln 2 times its mean.

    Args:
        spectrum: Spectrum of a block.

    >>> from hnseg.imaging.artefacts.spectrum import spectrum_of
    >>> ramp = np.mgrid[-16:16, -16:16, -16:16][0].astype(np.float32)  # standard deviation 9.2
    >>> noisy = ramp + np.random.default_rng(0).normal(0, 3, ramp.shape).astype(np.float32)
    >>> round(noise_share(spectrum_of(noisy)), 1)
    0.3
    """
    corner = spectrum.moduli[np.ix_(*(cycles > _CORNER for cycles in spectrum.cycles_zyx))]
    return min(1.0, float(np.median(corner)) / math.sqrt(math.log(2)))  # a single bright voxel has more at the corners
