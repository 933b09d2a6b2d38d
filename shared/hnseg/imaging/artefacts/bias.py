"""Bias field of an image: a factor that varies smoothly over the body, as that of a coil's sensitivity."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.body import Mask

_LEAST_VOXELS = 200  # of the body; a polynomial of order 2 has ten terms
_AROUND = np.ones((3, 3, 3), bool)  # a voxel at the skin has part of its signal from the air
_LEAST_EXTENT = 3  # along each axis, that a square can be told from a line
_TUKEY = 4.685  # times the standard deviation: where Tukey's biweight ends for 95 % efficiency
_ROUNDS = 10
_DARK_END, _BRIGHT_END = 5.0, 95.0  # percentiles


def bias_factor(signal: npt.NDArray[np.float64], body: Mask, *, least_share: float) -> float | None:
    """Return how many times brighter a fitted field is at its bright end than at its dark end.

    The logarithm of the signal is fitted by a polynomial of order 2 in the position, with Tukey's biweight, so that
    bone and fat count little. The ends are the 95th and the 5th percentile of the fit in the body.

    Args:
        signal: Signal (z, y, x), 0 in air.
        body: Mask of the body; its outermost voxels are left out.
        least_share: Share of the body's median signal; voxels with less, such as airways, are left out.

    Returns:
        Ratio, from 1; None where the body has fewer than 200 voxels, or fewer than 3 along an axis.

    >>> body = np.ones((20, 20, 20), bool)
    >>> along_x = np.broadcast_to(np.exp(np.linspace(0, 1, 20)), body.shape)
    >>> round(bias_factor(along_x, body, least_share=0.2), 2)  # between the ends, 90 % of the way: exp(0.9)
    2.46
    """
    if not body.any():
        return None
    inner = ndimage.binary_erosion(body, _AROUND, border_value=1)
    index = np.argwhere(inner & (signal > least_share * np.median(signal[body])) & (signal > 0))
    if len(index) < _LEAST_VOXELS or np.ptp(index, axis=0).min() < _LEAST_EXTENT - 1:
        return None
    terms = _terms(2 * (index - index.min(axis=0)) / np.ptp(index, axis=0) - 1)
    fitted = _robust_fit(terms, np.log(signal[tuple(index.T)]))
    dark, bright = np.percentile(fitted, (_DARK_END, _BRIGHT_END))
    return math.exp(min(bright - dark, math.log(1e6)))


def _terms(position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the terms of order 0 to 2 in positions (n, 3): an array (n, 10)."""
    z, y, x = position.T
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z], axis=1)


def _robust_fit(terms: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values fitted by terms: least squares with Tukey's weights, a number of rounds from equal ones."""
    weights = np.ones(len(values))
    fitted = values
    for _ in range(_ROUNDS):
        normal = terms.T * weights
        fitted = terms @ np.linalg.lstsq(normal @ terms, normal @ values, rcond=None)[0]
        residuals = np.abs(values - fitted)
        reach = _TUKEY * max(float(np.median(residuals)) / 0.67449, 1e-6)
        weights = np.square(np.clip(1 - np.square(residuals / reach), 0, None))
    return np.asarray(fitted, dtype=np.float64)
