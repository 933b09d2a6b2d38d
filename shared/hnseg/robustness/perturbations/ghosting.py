"""Ghosts of a body that moves periodically: every n-th plane of the Fourier transform weakened along one axis.

As TorchIO's `Ghosting`: the centre of the transform is left as it is, and an intensity above 1 turns the planes' sign.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.frequencies import add_weighted
from hnseg.robustness.perturbations.severity import Severity, at_severity

Axis = Literal["x", "y", "z"]

_GHOSTS = (((4, 10), (0.5, 1.0), 0.02), ((6, 15), (0.7, 1.5), 0.04), ((8, 20), (1.0, 2.0), 0.06))
"""Number of ghosts, intensity, and fraction of the planes that is restored, by severity."""

_AXES: tuple[Axis, ...] = ("x", "y", "z")


class Ghosting(Frozen):
    """Ghosts that were drawn.

    Attributes:
        kind: Kind of the perturbation.
        axis: Axis of the image along which the ghosts appear.
        ghosts: Number of ghosts: every plane whose index it divides is weakened.
        intensity: Fraction of the planes that is taken away; above 1 they change their sign.
        restored: Fraction of all planes, those in the centre, that is left as it is.
    """

    kind: Literal["ghosting"] = "ghosting"
    axis: Axis
    ghosts: int
    intensity: float
    restored: float


def draw_ghosting(severity: Severity, rng: np.random.Generator) -> Ghosting:
    """Return ghosts drawn for a severity, as RandomGhosting draws them on any of three axes."""
    (fewest, most), intensity, restored = at_severity(severity, _GHOSTS)
    return Ghosting(
        axis=_AXES[rng.integers(len(_AXES))],
        ghosts=int(rng.integers(fewest, most, endpoint=True)),
        intensity=float(rng.uniform(*intensity)),
        restored=restored,
    )


def add_ghosts(volume: FloatArray, ghosting: Ghosting) -> FloatArray:
    """Return a volume with ghosts, float32 (z, y, x). Takes one volume beside the input.

    Args:
        volume: Intensities (z, y, x).
        ghosting: Ghosts.
    """
    axis = 2 - _AXES.index(ghosting.axis)
    size = volume.shape[axis]
    weights = np.ones(size)
    weights[:: ghosting.ghosts] = 1 - ghosting.intensity
    half = round(ghosting.restored * size) // 2
    weights[size // 2 - half : size // 2 + half] = 1
    ghosts = np.zeros_like(volume)
    add_weighted(ghosts, volume, weights, axis=axis)
    return ghosts
