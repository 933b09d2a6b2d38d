"""Spikes in the Fourier transform, which draw waves over the whole image (the herringbone artefact).

As TorchIO's `Spike`: to a random coefficient, and not to its conjugate, the intensity times the largest coefficient is
added, and the real part of the inverse is taken, which is a plane wave. What is largest is looked for again after each
spike, so that spikes compound: the third is about the cube of the intensity. Up to release 0.21.0 the largest one was
that with the largest real part, which was what counted; since 0.21.4 it is the largest modulus. Where the mean of an
image dominates, as in a CT from 0 to 1, both are the same.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import fft

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.severity import Range, Severity, Triple, at_severity, triple_within

Reference = Literal["real", "modulus"]
"""Measure of a coefficient that a spike refers to: its real part, as published, or its modulus."""

Frequency = tuple[int, int, int]
"""Index (z, y, x) in a Fourier transform whose frequency 0 comes first."""

_INTENSITIES: tuple[Range, Range, Range] = ((1.0, 3.0), (2.0, 5.0), (3.0, 7.0))
"""Intensity, by severity, which is the number of spikes too."""

_NEVER_LARGEST = {"real": -np.inf, "modulus": 0.0}


class Spike(Frozen):
    """Spikes that were drawn.

    Attributes:
        kind: Kind of the perturbation.
        positions_xyz: Places in the Fourier transform, its frequency 0 in the middle, as fractions of its size.
        intensity: Height of a spike as a multiple of the largest coefficient.
        reference: Measure of that coefficient.
        compound: Whether earlier spikes count for the largest coefficient.
    """

    kind: Literal["spike"] = "spike"
    positions_xyz: tuple[Triple, ...]
    intensity: float
    reference: Reference = "real"
    compound: bool = True


def draw_spike(
    severity: Severity, rng: np.random.Generator, *, reference: Reference = "real", compound: bool = True
) -> Spike:
    """Return spikes drawn for a severity, as many as it says, as RandomSpike draws them."""
    intensity = float(rng.uniform(*at_severity(severity, _INTENSITIES)))
    positions = tuple(triple_within((0.0, 1.0), rng) for _ in range(severity))
    return Spike(positions_xyz=positions, intensity=intensity, reference=reference, compound=compound)


def add_spikes(volume: FloatArray, spike: Spike) -> FloatArray:
    """Return a volume with spikes, float32 (z, y, x). Takes one volume beside the input.

    Args:
        volume: Intensities (z, y, x).
        spike: Spikes.
    """
    frequencies = [_frequency(position, volume.shape) for position in spike.positions_xyz]
    heights = _heights(volume, spike, frequencies)
    spiked = volume.copy()
    for frequency, height in zip(frequencies, heights, strict=True):
        _add_wave(spiked, frequency, height / volume.size)
    return spiked


def _frequency(position_xyz: Triple, shape: tuple[int, ...]) -> Frequency:
    z, y, x = ((int(part * size) - size // 2) % size for part, size in zip(reversed(position_xyz), shape, strict=True))
    return z, y, x


def _add_wave(volume: FloatArray, frequency: Frequency, amplitude: float) -> None:
    """Add a plane wave to a volume, plane by plane."""
    along_z, along_y, along_x = (
        np.exp(2j * np.pi * (index * np.arange(size) % size) / size)
        for index, size in zip(frequency, volume.shape, strict=True)
    )
    wave = amplitude * np.outer(along_y, along_x)
    for index, phase in enumerate(along_z):
        volume[index] += (wave.real * phase.real - wave.imag * phase.imag).astype(np.float32)


def _heights(volume: FloatArray, spike: Spike, frequencies: list[Frequency]) -> list[float]:
    """Return what is added to the coefficients of some frequencies, in their order.

    Of a real volume's transform, half is enough: a coefficient and its conjugate have one real part and one modulus. A
    spiked coefficient keeps its conjugate, unless that is spiked too or is itself.
    """
    half = fft.rfftn(volume)
    largest = _largest(half, spike.reference)
    heights: list[float] = []
    spiked: dict[Frequency, complex] = {}
    for frequency in frequencies:
        if spike.compound and spiked:
            of_spikes = (_measure(value, spike.reference) for value in spiked.values())
            largest = max(_largest(half, spike.reference), *of_spikes)
        heights.append(spike.intensity * largest)
        spiked[frequency] = spiked.get(frequency, _coefficient(half, frequency, volume.shape)) + heights[-1]
        _leave_out(half, frequency, spiked, volume.shape, spike.reference)
    return heights


def _leave_out(
    half: npt.NDArray[np.complex64],
    frequency: Frequency,
    spiked: Container[Frequency],
    shape: tuple[int, ...],
    reference: Reference,
) -> None:
    """Let a coefficient of the half never be the largest, where it and its conjugate are both spiked."""
    conjugate = _conjugate(frequency, shape)
    if conjugate not in spiked:
        return
    for z, y, x in (frequency, conjugate):
        if x < half.shape[2]:
            half[z, y, x] = _NEVER_LARGEST[reference]


def _conjugate(frequency: Frequency, shape: tuple[int, ...]) -> Frequency:
    z, y, x = (-index % size for index, size in zip(frequency, shape, strict=True))
    return z, y, x


def _coefficient(half: npt.NDArray[np.complex64], frequency: Frequency, shape: tuple[int, ...]) -> complex:
    """Return a coefficient of a whole transform, from its half along x."""
    if frequency[2] < half.shape[2]:
        return complex(half[frequency])
    return complex(half[_conjugate(frequency, shape)]).conjugate()


def _largest(half: npt.NDArray[np.complex64], reference: Reference) -> float:
    if reference == "real":
        return float(half.real.max())
    return max(float(np.abs(plane).max()) for plane in half)  # of all at once it would be one more volume


def _measure(value: complex, reference: Reference) -> float:
    return value.real if reference == "real" else abs(value)
