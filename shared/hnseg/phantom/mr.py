"""What a T2-weighted scan shows of a tissue map: contrast, texture, partial volume, coil, noise, a scale of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.deformation import SmoothField
from hnseg.phantom.painting import Coordinates
from hnseg.phantom.tissues import Tissue

# Signal without and with fat suppression, and how much it varies from place to place; liquor is 1
_CONTRAST: dict[Tissue, tuple[float, float, float]] = {
    Tissue.OUTSIDE: (0.0, 0.0, 0.0),
    Tissue.SKIN: (0.42, 0.40, 0.1),
    Tissue.FAT: (0.76, 0.15, 0.08),
    Tissue.MUSCLE: (0.19, 0.24, 0.14),
    Tissue.TONGUE: (0.30, 0.32, 0.22),
    Tissue.MUCOSA: (0.72, 0.80, 0.10),
    Tissue.PAROTID: (0.56, 0.42, 0.18),
    Tissue.SUBMANDIBULAR: (0.48, 0.54, 0.10),
    Tissue.LYMPHOID: (0.55, 0.62, 0.08),
    Tissue.THYROID: (0.42, 0.50, 0.10),
    Tissue.CARTILAGE: (0.26, 0.22, 0.15),
    Tissue.CORTICAL_BONE: (0.05, 0.05, 0.2),
    Tissue.MARROW: (0.55, 0.16, 0.16),
    Tissue.TOOTH: (0.02, 0.02, 0.1),
    Tissue.DISC: (0.36, 0.40, 0.15),
    Tissue.ARTERY: (0.05, 0.05, 0.1),
    Tissue.VEIN: (0.10, 0.12, 0.2),
    Tissue.CSF: (1.00, 1.05, 0.03),
    Tissue.CORD: (0.42, 0.46, 0.06),
    Tissue.BRAIN: (0.50, 0.54, 0.13),
    Tissue.VITREOUS: (1.05, 1.10, 0.02),
    Tissue.AIRWAY: (0.0, 0.0, 0.0),
    Tissue.TUMOUR: (0.50, 0.54, 0.09),
    Tissue.NECROSIS: (0.88, 0.96, 0.06),
}


@dataclass(frozen=True)
class Protocol:
    """What a patient's scans have in common.

    Attributes:
        fat_suppressed: Whether fat is dark.
        signal: How far each tissue's signal lies from the average one, a factor a tissue.
        veins_shine: Whether slow flow makes veins bright instead of void.
    """

    fat_suppressed: bool
    signal: tuple[float, ...]
    veins_shine: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Protocol:
        """Draw a protocol."""
        return cls(
            fat_suppressed=bool(rng.random() < 0.4),
            signal=tuple(np.exp(rng.normal(0, 0.05, len(_CONTRAST))).tolist()),
            veins_shine=bool(rng.random() < 0.3),
        )


def scan(
    tissues: LabelArray, grid: Grid, coordinates: Coordinates, protocol: Protocol, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Return the T2-weighted image of a tissue map, both (z, y, x), on a scale of its own."""
    signal = _signal_of(tissues, grid, protocol, rng)
    signal *= _coil(coordinates, rng)
    noise = rng.uniform(0.018, 0.035)
    signal += noise * rng.standard_normal(signal.shape, dtype=np.float32)
    quadrature = noise * rng.standard_normal(signal.shape, dtype=np.float32)
    # The magnitude of two noisy channels: Rician.
    np.hypot(signal, quadrature, out=signal)
    scale = np.exp(rng.uniform(np.log(200), np.log(2600)))
    return np.asarray(np.rint(signal * np.float32(scale)), dtype=np.int16)


def _signal_of(tissues: LabelArray, grid: Grid, protocol: Protocol, rng: np.random.Generator) -> FloatArray:
    """Return noiseless intensities with texture, blurred as by the scanner's finite resolution."""
    column = 1 if protocol.fat_suppressed else 0
    order = sorted(_CONTRAST)
    level = np.array([_CONTRAST[t][column] for t in order], dtype=np.float32)
    level *= np.array(protocol.signal, dtype=np.float32) * np.exp(rng.normal(0, 0.03, level.size)).astype(np.float32)
    if protocol.veins_shine:
        level[Tissue.VEIN] = 0.75
    variation = np.array([_CONTRAST[t][2] for t in order], dtype=np.float32)
    signal = level[tissues] * (1 + variation[tissues] * _texture(grid, rng))
    blur = [0.35, *(np.clip(0.7 / s, 0.35, 0.9) for s in grid.spacing_zyx_mm[1:])]
    return np.asarray(ndimage.gaussian_filter(signal, sigma=blur, output=np.float32))


def _texture(grid: Grid, rng: np.random.Generator) -> FloatArray:
    """Return noise of unit size that is smooth over some 2 mm."""
    noise = rng.standard_normal(grid.shape_zyx, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, sigma=[1.6 / s for s in grid.spacing_zyx_mm], output=np.float32)
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _coil(coordinates: Coordinates, rng: np.random.Generator) -> FloatArray:
    """Return the receive sensitivity at each voxel: smooth, and falling off towards the chest and deep inside."""
    bias = SmoothField.draw(rng, reach_mm=240, length_mm=110, size=0.13, components=1)
    field = bias.at(coordinates.x, coordinates.y, coordinates.z)[0]
    field -= 0.45 * np.clip((-45 - coordinates.z) / 50, 0, 1.5)
    field -= rng.uniform(0.0, 0.25) * np.exp(-(coordinates.x**2 + coordinates.y**2) / np.float32(2 * 45**2))
    return np.asarray(np.exp(field, out=field))
