"""Perturbation of an array of any kind: parameters drawn, and then applied."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from hnseg.errors import InputError
from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.bias import BiasField, draw_bias, multiply_by_bias
from hnseg.robustness.perturbations.blur import Blur, blur_by, draw_blur
from hnseg.robustness.perturbations.ghosting import Ghosting, add_ghosts, draw_ghosting
from hnseg.robustness.perturbations.kind import Kind
from hnseg.robustness.perturbations.motion import Motion, draw_motion, move
from hnseg.robustness.perturbations.noise import Noise, add_noise, draw_noise
from hnseg.robustness.perturbations.settings import AS_PUBLISHED, Settings
from hnseg.robustness.perturbations.severity import Severity, Triple
from hnseg.robustness.perturbations.spike import Spike, add_spikes, draw_spike

_WITHOUT_SETTINGS: dict[str, Callable[[Severity, np.random.Generator], Ghosting | BiasField | Noise | Blur]] = {
    "ghosting": draw_ghosting,
    "bias": draw_bias,
    "noise": draw_noise,
    "blur": draw_blur,
}


class Unchanged(Frozen):
    """Parameters of severity 0: there are none."""

    kind: Literal["none"] = "none"


Parameters = Annotated[
    Motion | Ghosting | Spike | BiasField | Noise | Blur | Unchanged,
    Field(discriminator="kind"),
]
"""Parameters that were drawn, which give the same perturbation again."""


@dataclass(frozen=True)
class Perturbed:
    """Perturbed array and what was drawn for it.

    Attributes:
        array: Intensities, float32 (z, y, x).
        parameters: Parameters that were drawn.
    """

    array: FloatArray
    parameters: Parameters


def perturb(
    volume: FloatArray,
    kind: Kind,
    severity: Severity,
    rng: np.random.Generator,
    *,
    spacing_zyx_mm: Triple = (1.0, 1.0, 1.0),
    settings: Settings = AS_PUBLISHED,
) -> Perturbed:
    """Return a volume with an artefact, whose parameters are drawn.

    The strengths are meant for normalised intensities: a CT from 0 to 1, another image of mean 0 and standard deviation
    1; see `hnseg.robustness.perturbations.scale` for those in other units. Takes up to one volume beside the input,
    motion three.

    Args:
        volume: Intensities, float32 (z, y, x); left as they are.
        kind: Kind of the perturbation.
        severity: Severity, 0 to 3; 0 gives a copy, bit for bit.
        rng: Source of randomness.
        spacing_zyx_mm: Spacing (z, y, x).
        settings: Choices that are not drawn.

    Raises:
        InputError: The result does not fit into float32.

    >>> cube = np.zeros((8, 8, 8), np.float32)
    >>> found = perturb(cube, "noise", 2, np.random.default_rng(0))
    >>> 0.1 <= found.parameters.standard_deviation <= 0.5, found.array.dtype
    (True, dtype('float32'))
    """
    parameters = draw(kind, severity, rng, settings=settings)
    return Perturbed(apply(volume, parameters, spacing_zyx_mm=spacing_zyx_mm), parameters)


def draw(kind: Kind, severity: Severity, rng: np.random.Generator, *, settings: Settings = AS_PUBLISHED) -> Parameters:
    """Return parameters of a kind, drawn for a severity of 0 to 3.

    Args:
        kind: Kind of the perturbation.
        severity: Severity, 0 to 3.
        rng: Source of randomness.
        settings: Choices that are not drawn.
    """
    if severity == 0:
        return Unchanged()
    if kind == "motion":
        return draw_motion(severity, rng, settings.motion_about)
    if kind == "spike":
        return draw_spike(severity, rng, reference=settings.spike_reference, compound=settings.spike_compound)
    return _WITHOUT_SETTINGS[kind](severity, rng)


def apply(volume: FloatArray, parameters: Parameters, *, spacing_zyx_mm: Triple = (1.0, 1.0, 1.0)) -> FloatArray:
    """Return a volume with an artefact of given parameters, float32 (z, y, x).

    Args:
        volume: Intensities, float32 (z, y, x); left as they are.
        parameters: Parameters, drawn or given.
        spacing_zyx_mm: Spacing (z, y, x), which motion and blur depend on.

    Raises:
        InputError: The result does not fit into float32.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # found below
        array = _applied(volume, parameters, spacing_zyx_mm)
    if not (math.isfinite(array.min()) and math.isfinite(array.max())):
        raise InputError(
            f"A perturbed image must have values that fit into float32, but those of {parameters.kind} do not: the"
            f" image has values from {volume.min():g} to {volume.max():g}. Is it in another unit?"
        )
    return array


def _applied(volume: FloatArray, parameters: Parameters, spacing_zyx_mm: Triple) -> FloatArray:  # noqa: PLR0911
    match parameters:
        case Motion():
            return move(volume, parameters, spacing_zyx_mm)
        case Ghosting():
            return add_ghosts(volume, parameters)
        case Spike():
            return add_spikes(volume, parameters)
        case BiasField():
            return multiply_by_bias(volume, parameters)
        case Noise():
            return add_noise(volume, parameters)
        case Blur():
            return blur_by(volume, parameters, spacing_zyx_mm)
        case Unchanged():
            return volume.copy()
