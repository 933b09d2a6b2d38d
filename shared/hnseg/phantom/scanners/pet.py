"""FDG-PET of a tissue map, in SUV: uptake, its variation, the scanner's blur and its noise.

Activity is painted on voxels finer than the scanner's, blurred there, and averaged over each of the scanner's voxels,
so that small lesions are dimmed as they are by a scanner. The noise grows with the square root of the counts and is
correlated over a few mm, as after a reconstruction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.lesions import Lesion
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import Ellipsoid
from hnseg.phantom.body.structure import Structure, paired
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.scanners.noise import smooth_noise

# Lowest and highest average SUV of each tissue among patients, and its relative standard deviation within one
_SUV: dict[Tissue, tuple[float, float, float]] = {
    Tissue.OUTSIDE: (0, 0, 0),
    Tissue.SKIN: (0.4, 0.6, 0.1),
    Tissue.FAT: (0.2, 0.4, 0.15),
    Tissue.MUSCLE: (0.5, 0.9, 0.15),
    Tissue.TONGUE: (1.2, 2.4, 0.2),
    Tissue.MUCOSA: (1.2, 2.0, 0.25),
    Tissue.PAROTID: (1.5, 2.6, 0.15),
    Tissue.SUBMANDIBULAR: (1.8, 3.0, 0.15),
    Tissue.LYMPHOID: (2.0, 5.0, 0.15),
    Tissue.THYROID: (1.0, 1.8, 0.1),
    Tissue.CARTILAGE: (0.4, 0.7, 0.2),
    Tissue.CORTICAL_BONE: (0.4, 0.7, 0.2),
    Tissue.MARROW: (1.0, 2.0, 0.2),
    Tissue.TOOTH: (0.1, 0.3, 0.1),
    Tissue.DISC: (0.4, 0.7, 0.1),
    Tissue.ARTERY: (1.2, 1.8, 0.02),
    Tissue.VEIN: (1.2, 1.8, 0.02),
    Tissue.CSF: (0.4, 0.6, 0.1),
    Tissue.CORD: (1.8, 2.6, 0.1),
    Tissue.BRAIN: (9.0, 14.0, 0.2),
    Tissue.VITREOUS: (0.3, 0.5, 0.05),
    Tissue.AIRWAY: (0, 0, 0),
    # Lesions have an uptake of their own.
    Tissue.TUMOUR: (1, 1, 0),
    Tissue.NECROSIS: (1, 1, 0),
    Tissue.OPTIC_NERVE: (1.0, 1.5, 0.1),
    Tissue.PITUITARY: (1.5, 3.0, 0.1),
    Tissue.COCHLEA: (0.5, 1.0, 0.1),
    Tissue.LACRIMAL: (0.8, 1.4, 0.1),
    Tissue.LENS: (0.2, 0.3, 0.1),
    Tissue.LUNG: (0.35, 0.5, 0.15),
    Tissue.LIVER: (1.9, 2.6, 0.08),
    Tissue.SPLEEN: (1.6, 2.2, 0.08),
    Tissue.KIDNEY: (2.5, 4.5, 0.15),
    Tissue.URINE: (10, 60, 0.05),
    Tissue.HEART_WALL: (2, 10, 0.25),
    Tissue.BLOOD: (1.2, 1.8, 0.02),
    Tissue.BOWEL: (0.8, 2.5, 0.45),
    Tissue.EYE_MUSCLE: (2.5, 4.5, 0.1),
    Tissue.VOCAL_MUSCLE: (0.9, 1.5, 0.1),
    Tissue.WHITE_MATTER: (3.5, 5.0, 0.12),
    Tissue.QUIET_NODE: (0.6, 1.2, 0.1),
    Tissue.REACTIVE_NODE: (1.5, 2.5, 0.1),
}
# Patients who spoke after the injection; vocal folds of the others are at rest.
_SPOKE, _SPEECH_SUV = 0.35, (2.2, 4.5)
_TEXTURE_MM, _DRIFT_MM, _DRIFT = 5.0, 60.0, 0.07
# Largest size, about, of the voxels on which activity is painted
_FINE_MM = 2.5
# Scattered counts in air, so that noise is never zero
_SCATTER_SUV = 0.001
_GRAIN_MM = 2.2
_OTHER_UPTAKE: dict[str, Tissue] = {
    **dict.fromkeys(("LateralRectus", "MedialRectus", "SuperiorRectus", "InferiorRectus"), Tissue.EYE_MUSCLE),
    **dict.fromkeys(("Mylohyoid", "Geniohyoid", "Genioglossus", "Hyoglossus"), Tissue.TONGUE),
    "VocalFolds": Tissue.VOCAL_MUSCLE,
    "BenignNodes": Tissue.QUIET_NODE,
    "ReactiveNodes": Tissue.REACTIVE_NODE,
}


@dataclass(frozen=True)
class Scanner:
    """PET scanner with its reconstruction.

    Attributes:
        fwhm_mm: Full width at half maximum of the point spread.
        noise: Standard deviation where the SUV is 1.
        step_suv: Smallest difference of two stored values.
    """

    fwhm_mm: float
    noise: float
    step_suv: float = 2.0**-8


@dataclass(frozen=True)
class Metabolism:
    """FDG uptake of each tissue in a patient.

    Attributes:
        suv: SUV by the number of the tissue.
    """

    suv: tuple[float, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Metabolism:
        """Draw the uptake of a patient's tissues."""
        low, high, _ = np.array([_SUV[tissue] for tissue in sorted(_SUV)]).T
        suv = low + (high - low) * rng.beta(2, 2, low.size)
        if rng.random() < _SPOKE:
            suv[Tissue.VOCAL_MUSCLE] = rng.uniform(*_SPEECH_SUV)
        suv[[Tissue.VEIN, Tissue.BLOOD]] = suv[Tissue.ARTERY]
        return cls(tuple(suv.tolist()))


def with_uptake_tissues(structures: Iterable[Structure]) -> list[Structure]:
    """Return a body with separate tissues for structures that differ in FDG uptake alone.

    Args:
        structures: Structures in the order of painting.

    Returns:
        Structures in the order of painting, with the inner structures of the brain.
    """
    body: list[Structure] = []
    for structure in structures:
        name = structure.name.removesuffix("_L").removesuffix("_R")
        body.append(replace(structure, tissue=_OTHER_UPTAKE.get(name, structure.tissue)))
        if name == "Brain":
            body += _inside_the_brain()
    return body


def fine_grid_of(grid: Grid) -> Grid:
    """Return the grid on which activity is painted: voxels of a scanner's grid, cut into equal parts."""
    a, b, c = (spacing / cuts for spacing, cuts in zip(grid.spacing_mm, _cuts_xyz(grid), strict=True))
    return grid.respaced((a, b, c))


def activity_of(
    tissues: LabelArray,
    fine: Grid,
    coordinates: Coordinates,
    lesions: Sequence[Lesion],
    metabolism: Metabolism,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the activity in a body, SUV, (z, y, x), before any scanner.

    Args:
        tissues: Tissue map of a body `with_uptake_tissues`, on the fine grid; lesions are painted into it, in place.
        fine: Grid from `fine_grid_of`.
        coordinates: Anatomy's coordinates of the fine voxels.
        lesions: Lesions in the order of painting.
        metabolism: Uptake of each tissue.
        rng: Source of randomness.
    """
    suv = np.array(metabolism.suv, dtype=np.float32)
    variation = np.array([_SUV[tissue][2] for tissue in sorted(_SUV)], dtype=np.float32)
    texture = smooth_noise(fine, rng, sigma_mm=_TEXTURE_MM)
    drift = SmoothField.draw(rng, reach_mm=200, length_mm=_DRIFT_MM, size=_DRIFT, components=1)
    activity = variation[tissues]
    activity *= texture
    activity += 1
    np.clip(activity, 0.2, None, out=activity)
    activity *= suv[tissues]
    texture *= 0.15
    texture += 1
    for lesion in lesions:
        lesion.paint_activity(tissues, coordinates, activity, texture)
    del texture
    for some, piece in coordinates.pieces():
        activity[some] *= 1 + drift.at(piece.x, piece.y, piece.z)[0]
    return activity


def scan_pet(activity: FloatArray, grid: Grid, scanner: Scanner, rng: np.random.Generator) -> FloatArray:
    """Return the PET of an activity.

    Args:
        activity: SUV on the fine grid, (z, y, x).
        grid: Grid of the scanner.
        scanner: Blur, noise and step.
        rng: Source of the noise.

    Returns:
        SUV on the scanner's grid, (z, y, x), nowhere negative.
    """
    cuts_zyx = _cuts_xyz(grid)[::-1]
    sigma_mm = scanner.fwhm_mm / np.sqrt(8 * np.log(2))
    sigma = [sigma_mm * cuts / spacing for cuts, spacing in zip(cuts_zyx, grid.spacing_zyx_mm, strict=True)]
    blurred = ndimage.gaussian_filter(activity, sigma, truncate=3)
    nz, ny, nx = grid.shape_zyx
    cz, cy, cx = cuts_zyx
    suv = blurred.reshape(nz, cz, ny, cy, nx, cx).mean(axis=(1, 3, 5), dtype=np.float32)
    grain = smooth_noise(grid, rng, sigma_mm=_GRAIN_MM)
    grain *= scanner.noise * np.sqrt(suv + np.float32(_SCATTER_SUV))
    suv += grain
    np.clip(suv, 0, None, out=suv)
    suv /= np.float32(scanner.step_suv)
    return np.asarray(np.rint(suv, out=suv) * np.float32(scanner.step_suv))


def _cuts_xyz(grid: Grid) -> tuple[int, int, int]:
    x, y, z = (max(1, round(spacing / _FINE_MM)) for spacing in grid.spacing_mm)
    return x, y, z


def _inside_the_brain() -> list[Structure]:
    """Return the white matter under the cortex, the ventricles and the grey nuclei between them."""
    return [
        *paired("WhiteMatter", Tissue.WHITE_MATTER, Ellipsoid((29, 4, 112), (24, 58, 40), 2.3)),
        *paired("TemporalWhite", Tissue.WHITE_MATTER, Ellipsoid((40, 4, 78), (9, 30, 12))),
        *paired("CerebellarWhite", Tissue.WHITE_MATTER, Ellipsoid((18, 46, 60), (14, 14, 9))),
        *paired("DeepGrey", Tissue.BRAIN, Ellipsoid((17, 0, 98), (10, 22, 14))),
        *paired("Ventricle", Tissue.CSF, Ellipsoid((8, 4, 112), (5, 30, 8))),
    ]
