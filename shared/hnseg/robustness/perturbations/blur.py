"""Blur by a Gaussian of another width along each axis, as TorchIO's `Blur`."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.severity import Range, Severity, Triple, at_severity, triple_within

_WIDTHS_MM: tuple[Range, Range, Range] = ((0.0, 2.0), (1.0, 3.0), (2.0, 4.0))
"""Standard deviation along an axis, by severity."""


class Blur(Frozen):
    """Widths that were drawn.

    Attributes:
        kind: Kind of the perturbation.
        sigma_xyz_mm: Standard deviation of the Gaussian along each axis.
    """

    kind: Literal["blur"] = "blur"
    sigma_xyz_mm: Triple


def draw_blur(severity: Severity, rng: np.random.Generator) -> Blur:
    """Return widths drawn for a severity, as RandomBlur draws them: independent along each axis."""
    return Blur(sigma_xyz_mm=triple_within(at_severity(severity, _WIDTHS_MM), rng))


def blur_by(volume: FloatArray, blur: Blur, spacing_zyx_mm: Triple) -> FloatArray:
    """Return a blurred volume, float32 (z, y, x), mirrored at its edges. Takes one volume beside the input.

    Args:
        volume: Intensities (z, y, x).
        blur: Widths.
        spacing_zyx_mm: Spacing (z, y, x).
    """
    sigma = [width / side for width, side in zip(reversed(blur.sigma_xyz_mm), spacing_zyx_mm, strict=True)]
    blurred = np.empty_like(volume)
    ndimage.gaussian_filter(volume, sigma, output=blurred)
    return blurred
