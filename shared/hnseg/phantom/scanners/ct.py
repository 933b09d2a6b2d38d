"""Contrast-enhanced planning CT of a tissue map, in HU: texture, partial volume, bone shading, noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.body.couch import add_couch, add_mask
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.metal import METAL_HU, add_streaks, metal_mask
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.scanners.noise import smooth_noise, streaked_noise

LOWEST_HU, HIGHEST_HU = -1024, 3071
_MASKS, _SHADING_REACH_MM = 0.6, 20.0
# Mean HU of each tissue, its standard deviation between patients, and that within a patient
_HU: dict[Tissue, tuple[float, float, float]] = {
    Tissue.OUTSIDE: (-1000, 0, 0),
    Tissue.SKIN: (15, 8, 6),
    Tissue.FAT: (-100, 6, 8),
    Tissue.MUSCLE: (56, 5, 7),
    Tissue.TONGUE: (50, 6, 14),
    Tissue.MUCOSA: (78, 8, 8),
    Tissue.PAROTID: (15, 14, 14),
    Tissue.SUBMANDIBULAR: (76, 6, 8),
    Tissue.LYMPHOID: (72, 8, 6),
    Tissue.THYROID: (125, 12, 8),
    Tissue.CARTILAGE: (95, 15, 40),
    Tissue.CORTICAL_BONE: (1150, 100, 130),
    Tissue.MARROW: (270, 40, 70),
    Tissue.TOOTH: (2000, 150, 150),
    Tissue.DISC: (85, 10, 10),
    Tissue.ARTERY: (190, 22, 8),
    Tissue.VEIN: (165, 22, 10),
    Tissue.CSF: (13, 3, 2),
    Tissue.CORD: (30, 3, 3),
    Tissue.BRAIN: (35, 2, 4),
    Tissue.VITREOUS: (8, 3, 2),
    Tissue.AIRWAY: (-1000, 0, 0),
    Tissue.TUMOUR: (75, 10, 10),
    Tissue.NECROSIS: (25, 6, 8),
    Tissue.OPTIC_NERVE: (30, 4, 3),
    Tissue.PITUITARY: (50, 8, 6),
    Tissue.COCHLEA: (120, 40, 20),
    Tissue.LACRIMAL: (52, 6, 6),
    Tissue.LENS: (80, 8, 4),
}
# Mean HU below the neck, the same in all patients, and its standard deviation within one; blood is without contrast
_TRUNK_HU: dict[Tissue, tuple[float, float]] = {
    Tissue.LUNG: (-780, 40),
    Tissue.LIVER: (62, 6),
    Tissue.SPLEEN: (55, 6),
    Tissue.KIDNEY: (38, 6),
    Tissue.URINE: (8, 2),
    Tissue.HEART_WALL: (48, 6),
    Tissue.BLOOD: (44, 3),
    Tissue.BOWEL: (32, 30),
}


def scan_ct(
    tissues: LabelArray,
    grid: Grid,
    coordinates: Coordinates,
    rng: np.random.Generator,
    *,
    metal: Sequence[Point] = (),
    couch: bool = True,
) -> npt.NDArray[np.int16]:
    """Return the CT of a tissue map, both (z, y, x), in HU from `LOWEST_HU` to `HIGHEST_HU`.

    Args:
        tissues: Tissue map, numbers of `Tissue` up to `Tissue.BOWEL`.
        grid: Grid of the CT.
        coordinates: Anatomy's coordinates of the voxels.
        rng: Source of randomness.
        metal: Centres of metal in teeth, in the anatomy's coordinates.
        couch: Whether the patient lies on a table with a cushion and may wear a mask; otherwise there is air.
    """
    hounsfield = _hounsfield_of(tissues, grid, rng)
    if couch:
        add_couch(hounsfield, tissues != Tissue.OUTSIDE, grid)
        if rng.random() < _MASKS:
            add_mask(hounsfield, tissues != Tissue.OUTSIDE, grid)
    crowns = metal_mask(coordinates, metal)
    blur = [0.35, *(np.clip(0.6 / s, 0.35, 0.9) for s in grid.spacing_zyx_mm[1:])]
    ndimage.gaussian_filter(hounsfield, sigma=blur, output=hounsfield)
    hounsfield += _bone_shading(tissues, grid, coordinates, rng)
    _add_noise(hounsfield, grid, rng)
    add_streaks(hounsfield, crowns, grid, rng)
    hounsfield[crowns] = METAL_HU
    np.clip(hounsfield, LOWEST_HU, HIGHEST_HU, out=hounsfield)
    return np.rint(hounsfield, out=hounsfield).astype(np.int16)


def _hounsfield_of(tissues: LabelArray, grid: Grid, rng: np.random.Generator) -> FloatArray:
    """Return HU with texture, before any effect of the scanner."""
    mean, apart, variation = np.array([_HU[t] for t in sorted(_HU)], dtype=np.float32).T
    level = mean + apart * rng.standard_normal(mean.size, dtype=np.float32)
    trunk_mean, trunk_variation = np.array([_TRUNK_HU[t] for t in sorted(_TRUNK_HU)], dtype=np.float32).T
    level, variation = np.concatenate([level, trunk_mean]), np.concatenate([variation, trunk_variation])
    hounsfield = smooth_noise(grid, rng, sigma_mm=1.4)
    hounsfield *= variation[tissues]
    hounsfield += level[tissues]
    return hounsfield


def _bone_shading(tissues: LabelArray, grid: Grid, coordinates: Coordinates, rng: np.random.Generator) -> FloatArray:
    """Return the dark and bright bands of beam hardening between and around thick bones, HU.

    They make the brainstem and the cord hard to distinguish from the cerebrospinal fluid around them.
    """
    dense = ((tissues == Tissue.CORTICAL_BONE) | (tissues == Tissue.TOOTH)).astype(np.float32)
    reach = [max(1, round(_SHADING_REACH_MM / s)) for s in grid.spacing_zyx_mm]
    shading = ndimage.uniform_filter(dense, reach, output=dense)
    np.clip(5 * shading, 0, 1, out=shading)
    bands = SmoothField.draw(rng, reach_mm=150, length_mm=14, size=13, components=1)
    shading *= bands.at(coordinates.x, coordinates.y, coordinates.z)[0] - 4
    return shading


def _add_noise(hounsfield: FloatArray, grid: Grid, rng: np.random.Generator) -> None:
    """Add the scanner's noise, in place, and the streaks across slices in which the body is wide."""
    sx, _, _ = grid.spacing_mm
    water_mm = np.clip(1 + hounsfield / 1000, 0, 3).sum(axis=2, keepdims=True) * sx
    starved = np.clip(4 * np.exp((water_mm - 150) / 110), 0, 40)
    grain = smooth_noise(grid, rng, sigma_mm=0.7)
    grain *= np.float32(rng.uniform(12, 20))
    hounsfield += grain
    hounsfield += starved * streaked_noise(grid, rng, length_mm=70)
