"""Dental metal: bright streaks across a CT, a void in an MR.

A CT's streaks come from beam hardening. A ray through metal is attenuated less than its length promises, and the
shortfall grows faster than the length; filtered backprojection of the shortfall gives dark bands where rays pass
through two metals, bright ones beside them, and fine rays where hardly any photons are left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import BoolArray, Ellipsoid, Point

Lengths = npt.NDArray[np.float64]

METAL_HU = 3000
"""HU of a voxel of metal."""

_RADII_MM: Point = (4.0, 4.0, 4.5)
_VOID_MM = 9.0
_ANGLES = 180
_STEP_MM, _LEAST_WIDTH_MM = 0.5, 1.5
# Length of metal in a ray through a crown, its missing attenuation in HU mm, and the random part of that
_REFERENCE_MM, _HARDENING, _STARVATION = 8.0, 16000.0, 4500.0


def metal_mask(coordinates: Coordinates, metal: Sequence[Point]) -> BoolArray:
    """Return the mask of crowns and fillings, (z, y, x).

    Args:
        coordinates: Anatomy's coordinates of the voxels.
        metal: Centres of the crowns and fillings in the anatomy's coordinates; without any the mask is empty.
    """
    mask = np.zeros(coordinates.x.shape, dtype=bool)
    for centre in metal:
        shape = Ellipsoid(centre, _RADII_MM)
        part = coordinates.window(*shape.bounds_mm())
        if part is not None:
            mask[part] |= shape.contains(*coordinates.within(part))
    return mask


def add_streaks(hounsfield: FloatArray, mask: BoolArray, grid: Grid, rng: np.random.Generator) -> None:
    """Add the streaks of metal to a CT, in place, in the slices with metal.

    Args:
        hounsfield: CT in HU, (z, y, x), changed.
        mask: Mask of the metal, (z, y, x).
        grid: Grid of both.
        rng: Source of the noise in the streaks.
    """
    sx, sy, _ = grid.spacing_mm
    nx, ny, _ = grid.size_xyz
    axes_mm = np.arange(nx) * np.float64(sx), np.arange(ny) * np.float64(sy)
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        rows, columns = np.nonzero(mask[k])
        points = np.stack([columns * sx, rows * sy], axis=-1)
        hounsfield[k] += _streaks_in_slice(points, grid, axes_mm, rng)


def dephase(signal: FloatArray, coordinates: Coordinates, metal: Sequence[Point]) -> None:
    """Remove the signal of an MR around metal, in place, and add some of it at the rim of the void.

    Args:
        signal: MR signal, (z, y, x), changed.
        coordinates: Anatomy's coordinates of the voxels.
        metal: Centres of crowns and fillings in the anatomy's coordinates.
    """
    for x, y, z in metal:
        reach = 2 * _VOID_MM
        part = coordinates.window((x - reach, y - reach, z - reach), (x + reach, y + reach, z + reach))
        if part is None:
            continue
        px, py, pz = coordinates.within(part)
        distance = np.sqrt((px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2) / np.float32(_VOID_MM)
        remaining = 1 - np.exp(-(distance**4))
        signal[part] *= remaining * (1 + 0.6 * np.exp(-(((distance - 1.25) / 0.15) ** 2)))


def _streaks_in_slice(
    points_mm: Lengths, grid: Grid, axes_mm: tuple[Lengths, Lengths], rng: np.random.Generator
) -> FloatArray:
    """Return the streaks in a slice, HU, (y, x), of metal in the voxels at points (n, 2)."""
    x, y = axes_mm
    reach = float(np.hypot(x[-1], y[-1])) + 2
    bins = np.arange(-reach, reach, _STEP_MM)
    angles = np.arange(_ANGLES) * np.pi / _ANGLES
    width = max(*grid.spacing_mm[:2], _LEAST_WIDTH_MM)
    filtered = _ramp_filtered(_shortfall(_lengths(points_mm, grid, bins, angles), width, rng), width)
    found = np.zeros((y.size, x.size), dtype=np.float32)
    for angle, projection in zip(angles, filtered, strict=True):
        found += np.interp(x * np.cos(angle) + (y * np.sin(angle))[:, None], bins[:-1] + _STEP_MM / 2, projection)
    return found * np.float32(np.pi / _ANGLES)


def _lengths(points_mm: Lengths, grid: Grid, bins: Lengths, angles: Lengths) -> Lengths:
    """Return the length of metal in each ray, mm, (angles, bins - 1)."""
    sx, sy, _ = grid.spacing_mm
    counts = [np.histogram(points_mm @ (np.cos(angle), np.sin(angle)), bins)[0] for angle in angles]
    # A voxel's shadow is about as wide as the voxel.
    return ndimage.gaussian_filter1d(np.array(counts) * (sx * sy / _STEP_MM), sigma=max(sx, sy) / 2 / _STEP_MM, axis=1)


def _shortfall(lengths: Lengths, width_mm: float, rng: np.random.Generator) -> Lengths:
    """Return the missing attenuation of each ray, HU mm; it and its noise grow with the square of the length."""
    noise = ndimage.gaussian_filter(rng.standard_normal(lengths.shape), sigma=(0.7, width_mm / 2 / _STEP_MM))
    relative = (lengths / _REFERENCE_MM) ** 2
    return np.asarray(-_HARDENING * relative + _STARVATION * np.minimum(relative, 2.5) * noise / noise.std())


def _ramp_filtered(projections: Lengths, width_mm: float) -> Lengths:
    """Return ramp-filtered projections for backprojection, with frequencies beyond the voxels damped."""
    count = projections.shape[1]
    frequency = np.fft.rfftfreq(2 * count, _STEP_MM)
    ramp = frequency * np.exp(-((1.6 * width_mm * frequency) ** 2))
    return np.asarray(np.fft.irfft(np.fft.rfft(projections, 2 * count) * ramp)[:, :count])
