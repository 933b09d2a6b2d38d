"""Phantoms of recurrences: a HECKTOR patient with target volumes, and where the tumour came back after radiotherapy.

The model, stated: a patient has one to three recurrences (`regions`), each of which begins in a region by the published
shares, at a voxel that uptake and nearness make likely (`origins`), and grows through soft tissue (`growth`). Where one
begins outside the GTV, the PET before treatment shows a small focus (`foci`). The scans are HECKTOR's; one patient in
two has a brain mask.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.box import put_back
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image, resample_label_map
from hnseg.phantom.body.shapes import BoolArray, Point
from hnseg.phantom.challenges import hecktor
from hnseg.phantom.challenges.recurrence.files import Patient
from hnseg.phantom.challenges.recurrence.foci import FWHM_MM, RISE_SUV, with_focus
from hnseg.phantom.challenges.recurrence.growth import draw_volumes, grow
from hnseg.phantom.challenges.recurrence.origins import Index, Origin, draw_origin
from hnseg.phantom.challenges.recurrence.regions import Region, draw_regions
from hnseg.phantom.challenges.recurrence.site import Site
from hnseg.phantom.challenges.recurrence.targets import Targets

GRIDS = hecktor.GRIDS
"""Names of the kinds of grids."""

OUTLINE_MM = (3.0, 5.0)
"""Least and largest distance of the GTV's outline from the tumours."""

BQ_ML_PER_SUV = 4000.0
"""Activity concentration of an SUV of 1, Bq/ml: 4 MBq injected for each kg of body weight."""

VANISHING_VOXELS = 8
"""Size of a recurrence that one erosion by 3 x 3 x 3 voxels removes, whatever its shape: 27 would be needed."""

_ORDINARY = hecktor.VARIANTS["ordinary"]


@dataclass(frozen=True)
class Variant:
    """Fixed properties of a patient; None for a random one.

    Attributes:
        scanned: Properties of the tumours and the scans.
        recurrences: Number of recurrences, 1 to 3.
        has_brain: Whether there is a brain mask.
        vanishing: Whether the last recurrence is so small that an erosion removes it.
        pet_unit: Unit of the PET.
        gtv: GTV as it is given: outlined on the CT, empty, or on the PET's grid.
    """

    scanned: hecktor.Variant = field(default_factory=hecktor.Variant)
    recurrences: int | None = None
    has_brain: bool | None = None
    vanishing: bool = False
    pet_unit: Literal["suv", "bq_ml"] = "suv"
    gtv: Literal["outlined", "empty", "on_pet_grid"] = "outlined"


ANY = Variant()
"""Variant without fixed properties."""

_PLAIN = Variant(_ORDINARY, recurrences=1, has_brain=True)
VARIANTS: dict[str, Variant] = {
    "ordinary": _PLAIN,
    "no_brain": replace(_PLAIN, has_brain=False, recurrences=2),
    "eroded_away": replace(_PLAIN, recurrences=3, vanishing=True),
    "whole_body": replace(_PLAIN, scanned=hecktor.VARIANTS["whole_body"]),
    "pet_in_bq_ml": replace(_PLAIN, pet_unit="bq_ml"),
    "empty_gtv": replace(_PLAIN, gtv="empty"),
    "gtv_on_pet_grid": replace(_PLAIN, gtv="on_pet_grid"),
}


def draw_patient(seed: int, index: int, *, grid: str = "small", variant: Variant = ANY) -> Patient:
    """Return the patient of a seed and a number; the same ones give the same voxels.

    CT, PET and tumours are those of HECKTOR's patient, but for the foci in the PET.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        grid: Kind of grids, "small", or "full" for the sizes of the public data; a variant's own grids come first.
        variant: Fixed properties of the patient.

    Raises:
        ValueError: The variant has no PET.
    """
    scanned = hecktor.draw_patient(seed, index, grid=grid, variant=variant.scanned)
    if scanned.pet is None:
        raise ValueError("a patient with recurrences needs a PET, but the variant has none")
    of_outlines, of_origins, of_foci, of_growth = np.random.default_rng([seed, index, 2]).spawn(4)
    site = Site.of(scanned)
    tumours = site.box.of(array_of(scanned.mask)) > 0
    targets = Targets.around(tumours, site, outline_mm=float(of_outlines.uniform(*OUTLINE_MM)))
    has_brain = bool(of_outlines.random() < 0.5) if variant.has_brain is None else variant.has_brain
    regions = draw_regions(seed, index, variant.recurrences)
    pet, began = _draw_origins(of_origins, of_foci, regions, targets, site, scanned.pet)
    volumes = list(draw_volumes(of_growth, len(began)))
    if variant.vanishing:
        volumes[-1] = VANISHING_VOXELS * site.grid.voxel_volume_mm3
    grown = grow(of_growth, [index_zyx for index_zyx, _ in began], volumes, targets.soft_tissue, site.grid)
    whole = Grid.of(scanned.ct)
    gtv, ctv1, ctv2, ctv3 = (_on(whole, mask, site) for mask in (targets.gtv, targets.ctv1, targets.ctv2, targets.ctv3))
    return Patient(
        seed=seed,
        index=index,
        ct=scanned.ct,
        pet=_in_unit(pet, variant.pet_unit),
        gtv=_given(gtv, pet, variant.gtv),
        brain=_on(whole, site.brain(), site) if has_brain else None,
        ctvs=(ctv1, ctv2, ctv3),
        recurrences=array_of(put_back(image_of(grown, site.grid), whole)),
        origins=tuple(origin for _, origin in began),
    )


def _draw_origins(
    rng: np.random.Generator,
    of_foci: np.random.Generator,
    regions: tuple[Region, ...],
    targets: Targets,
    site: Site,
    pet: sitk.Image,
) -> tuple[sitk.Image, list[tuple[Index, Origin]]]:
    """Draw where recurrences begin, those outside the GTV first, since their foci change the PET.

    Returns:
        PET with foci, and the voxel and point of each origin; one without room beside the others is left out.
    """
    began: list[tuple[Index, Origin]] = []
    suv = array_of(resample_image(pet, site.grid))
    for region in sorted(regions, key=_is_in_gtv):
        index = draw_origin(rng, region, targets, suv, site.grid, [taken for taken, _ in began])
        if index is None:
            continue
        point_mm = _point_of(index, site.grid)
        began.append((index, Origin(region, point_mm)))
        if not _is_in_gtv(region):
            rise_suv, fwhm_mm = float(of_foci.uniform(*RISE_SUV)), float(of_foci.uniform(*FWHM_MM))
            pet = with_focus(pet, point_mm, rise_suv=rise_suv, fwhm_mm=fwhm_mm)
            suv = array_of(resample_image(pet, site.grid))
    return pet, began


def _is_in_gtv(region: Region) -> bool:
    return region in {"PET-GTV", "GTV"}


def _point_of(index_zyx: Index, grid: Grid) -> Point:
    x, y, z = grid.points_mm(np.array([index_zyx[::-1]], dtype=np.float64))[0].tolist()
    return (x, y, z)


def _on(whole: Grid, mask: BoolArray, site: Site) -> sitk.Image:
    """Return the label map of a mask of the site, on the CT's grid."""
    return put_back(image_of(mask.astype(np.uint8), site.grid), whole)


def _in_unit(pet: sitk.Image, unit: Literal["suv", "bq_ml"]) -> sitk.Image:
    return pet if unit == "suv" else sitk.Cast(pet * BQ_ML_PER_SUV, sitk.sitkFloat32)


def _given(gtv: sitk.Image, pet: sitk.Image, form: Literal["outlined", "empty", "on_pet_grid"]) -> sitk.Image:
    """Return the GTV as it is given."""
    if form == "empty":
        return image_of(np.zeros_like(array_of(gtv)), Grid.of(gtv))
    return resample_label_map(gtv, Grid.of(pet)) if form == "on_pet_grid" else gtv
