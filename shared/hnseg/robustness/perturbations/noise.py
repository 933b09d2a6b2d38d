"""Gaussian noise of one standard deviation in the whole image, as TorchIO's `Noise` adds it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.severity import Range, Severity, at_severity

_DEVIATIONS: tuple[Range, Range, Range] = ((0.0, 0.25), (0.1, 0.5), (0.2, 0.75))
"""Standard deviation, by severity."""


class Noise(Frozen):
    """Noise that was drawn.

    Attributes:
        kind: Kind of the perturbation.
        standard_deviation: Standard deviation of the noise, whose mean is 0.
        seed: Seed of the generator of its values.
    """

    kind: Literal["noise"] = "noise"
    standard_deviation: float
    seed: int


def draw_noise(severity: Severity, rng: np.random.Generator) -> Noise:
    """Return noise drawn for a severity, as RandomNoise draws it: one standard deviation an image."""
    deviation = float(rng.uniform(*at_severity(severity, _DEVIATIONS)))
    return Noise(standard_deviation=deviation, seed=int(rng.integers(2**32)))


def add_noise(volume: FloatArray, noise: Noise) -> FloatArray:
    """Return a volume with noise, float32 (z, y, x). Takes one volume beside the input.

    Args:
        volume: Intensities (z, y, x).
        noise: Noise.
    """
    rng = np.random.default_rng(noise.seed)
    noisy = np.empty_like(volume)
    rng.standard_normal(out=noisy, dtype=np.float32)
    noisy *= np.float32(noise.standard_deviation)
    noisy += volume
    return noisy
