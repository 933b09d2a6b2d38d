"""MR scan of a tissue map: contrast, texture, partial volume, coil sensitivity, noise, an arbitrary scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.metal import dephase
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.scanners.noise import smooth_noise

Table = Mapping[Tissue, tuple[float, float, float]]

# Signal without and with fat suppression, and its relative standard deviation within a patient; cerebrospinal fluid is
# 1. A tissue that the T2-weighted patients lack has no signal here: one more would change the voxels of their seeds.
_T2: Table = {
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


# Signal without and with gadolinium, and its relative standard deviation within a patient; fat is 1. Fat is never
# suppressed: it is bright in the challenge's scans.
_T1: Table = {
    Tissue.OUTSIDE: (0.0, 0.0, 0.0),
    Tissue.SKIN: (0.50, 0.55, 0.10),
    Tissue.FAT: (1.00, 1.00, 0.06),
    Tissue.MUSCLE: (0.34, 0.38, 0.12),
    Tissue.TONGUE: (0.44, 0.48, 0.22),
    Tissue.MUCOSA: (0.40, 0.80, 0.10),
    Tissue.PAROTID: (0.66, 0.74, 0.16),
    Tissue.SUBMANDIBULAR: (0.48, 0.64, 0.08),
    Tissue.LYMPHOID: (0.37, 0.56, 0.08),
    Tissue.THYROID: (0.46, 0.76, 0.08),
    Tissue.CARTILAGE: (0.24, 0.26, 0.30),
    Tissue.CORTICAL_BONE: (0.05, 0.05, 0.20),
    Tissue.MARROW: (0.76, 0.80, 0.12),
    Tissue.TOOTH: (0.02, 0.02, 0.10),
    Tissue.DISC: (0.28, 0.30, 0.15),
    Tissue.ARTERY: (0.07, 0.10, 0.20),
    Tissue.VEIN: (0.12, 0.55, 0.20),
    Tissue.CSF: (0.15, 0.16, 0.05),
    Tissue.CORD: (0.58, 0.59, 0.05),
    Tissue.BRAIN: (0.49, 0.51, 0.10),
    Tissue.VITREOUS: (0.16, 0.17, 0.04),
    Tissue.AIRWAY: (0.0, 0.0, 0.0),
    Tissue.TUMOUR: (0.38, 0.66, 0.10),
    Tissue.NECROSIS: (0.22, 0.24, 0.08),
    Tissue.OPTIC_NERVE: (0.60, 0.61, 0.05),
    Tissue.PITUITARY: (0.62, 1.05, 0.06),
    Tissue.COCHLEA: (0.30, 0.32, 0.05),
    Tissue.LACRIMAL: (0.50, 0.82, 0.08),
    Tissue.LENS: (0.40, 0.42, 0.05),
}


class Contrast(Enum):
    """Contrast of a scan: the table of the tissues' signals, and its column."""

    T2 = (_T2, 0)
    T2_FAT_SUPPRESSED = (_T2, 1)
    T1 = (_T1, 0)
    T1_GADOLINIUM = (_T1, 1)

    @property
    def signal(self) -> FloatArray:
        """Average signal of each tissue, (tissues,)."""
        table, column = self.value
        return np.array([table[t][column] for t in sorted(table)], dtype=np.float32)

    @property
    def variation(self) -> FloatArray:
        """Relative standard deviation of each tissue's signal within a patient, (tissues,)."""
        table, _ = self.value
        return np.array([table[t][2] for t in sorted(table)], dtype=np.float32)


@dataclass(frozen=True)
class Protocol:
    """Protocol of all scans of a patient.

    Attributes:
        contrast: Contrast of the scans.
        signal: Factors of each tissue's average signal.
        veins_shine: Whether slow flow makes veins bright instead of void.
    """

    contrast: Contrast
    signal: tuple[float, ...]
    veins_shine: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Protocol:
        """Draw a protocol of a T2-weighted scan, with fat suppression or without."""
        return cls._of(Contrast.T2_FAT_SUPPRESSED if rng.random() < 0.4 else Contrast.T2, rng, slow_flow=0.3)

    @classmethod
    def draw_t1(cls, rng: np.random.Generator) -> Protocol:
        """Draw a protocol of a T1-weighted scan, with gadolinium or without."""
        return cls._of(Contrast.T1_GADOLINIUM if rng.random() < 0.4 else Contrast.T1, rng, slow_flow=0.2)

    @classmethod
    def _of(cls, contrast: Contrast, rng: np.random.Generator, *, slow_flow: float) -> Protocol:
        factors = np.exp(rng.normal(0, 0.05, contrast.signal.size))
        return cls(contrast, tuple(factors.tolist()), bool(rng.random() < slow_flow))


def scan(
    tissues: LabelArray,
    grid: Grid,
    coordinates: Coordinates,
    protocol: Protocol,
    rng: np.random.Generator,
    metal: Sequence[Point] = (),
) -> npt.NDArray[np.int16]:
    """Return the MR of a tissue map, both (z, y, x), on an arbitrary scale.

    Args:
        tissues: Tissue map; a T2-weighted scan has no signal of tissues beyond `Tissue.NECROSIS`.
        grid: Grid of the scan.
        coordinates: Anatomy's coordinates of the voxels.
        protocol: Protocol of the patient's scans.
        rng: Source of randomness.
        metal: Centres of metal in teeth, in the anatomy's coordinates; the signal around them is lost.
    """
    signal = _signal_of(tissues, grid, protocol, rng)
    dephase(signal, coordinates, metal)
    signal *= _coil(coordinates, rng)
    noise = rng.uniform(0.018, 0.035)
    signal += noise * rng.standard_normal(signal.shape, dtype=np.float32)
    quadrature = noise * rng.standard_normal(signal.shape, dtype=np.float32)
    # Magnitude of two noisy channels: Rician noise.
    np.hypot(signal, quadrature, out=signal)
    scale = np.exp(rng.uniform(np.log(200), np.log(2600)))
    return np.asarray(np.rint(signal * np.float32(scale)), dtype=np.int16)


def _signal_of(tissues: LabelArray, grid: Grid, protocol: Protocol, rng: np.random.Generator) -> FloatArray:
    """Return noiseless intensities with texture, blurred as by the scanner's finite resolution."""
    level = protocol.contrast.signal
    level *= np.array(protocol.signal, dtype=np.float32) * np.exp(rng.normal(0, 0.03, level.size)).astype(np.float32)
    if protocol.veins_shine:
        level[Tissue.VEIN] = 0.75
    variation = protocol.contrast.variation
    signal = level[tissues] * (1 + variation[tissues] * smooth_noise(grid, rng, sigma_mm=1.6))
    blur = [0.35, *(np.clip(0.7 / s, 0.35, 0.9) for s in grid.spacing_zyx_mm[1:])]
    return np.asarray(ndimage.gaussian_filter(signal, sigma=blur, output=np.float32))


def _coil(coordinates: Coordinates, rng: np.random.Generator) -> FloatArray:
    """Return the coil's sensitivity at each voxel: smooth, lower towards the chest and deep inside."""
    bias = SmoothField.draw(rng, reach_mm=240, length_mm=110, size=0.13, components=1)
    field = bias.at(coordinates.x, coordinates.y, coordinates.z)[0]
    field -= 0.45 * np.clip((-45 - coordinates.z) / 50, 0, 1.5)
    field -= rng.uniform(0.0, 0.25) * np.exp(-(coordinates.x**2 + coordinates.y**2) / np.float32(2 * 45**2))
    return np.asarray(np.exp(field, out=field))
