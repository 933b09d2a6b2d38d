"""Phantoms of HECKTOR: a patient's CT and FDG-PET, the tumours in both, a health record, stages and follow-up.

CT and PET show one anatomy on grids of their own, in one frame and at most 2 mm apart; one patient in four was scanned
from the vertex to the thighs. The label map lies on the CT's grid: 1 GTVp, 2 GTVn. Enlarged nodes without disease have
no label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid, LabelArray, image_of
from hnseg.phantom.body.lesions import FAINT, Burden, draw_node_count
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.challenges.hecktor.body import Body
from hnseg.phantom.challenges.hecktor.ehr import Person
from hnseg.phantom.challenges.hecktor.files import (
    Patient,
    write_2022_case,
    write_2025_case,
    write_2026_case,
    write_container_case,
)
from hnseg.phantom.challenges.hecktor.outcome import Findings, draw_follow_up, draw_stages, extent_mm, hazard_per_day
from hnseg.phantom.scanners.centres import Centre, draw_centre
from hnseg.phantom.scanners.ct import HIGHEST_HU, LOWEST_HU, scan_ct
from hnseg.phantom.scanners.grids import Acquisition
from hnseg.phantom.scanners.noise import smooth_noise
from hnseg.phantom.scanners.pet import Metabolism, activity_of, fine_grid_of, scan_pet, with_uptake_tissues

GTVP, GTVN = 1, 2
"""Labels of the primary and of the nodes."""

MOTION_MM = 2.0
"""Largest distance that a patient moves between CT and PET."""


@dataclass(frozen=True)
class Scanners:
    """Kinds of acquisition of a patient's two scans.

    Attributes:
        ct: Acquisition of the CT.
        pet: Acquisition of the PET.
    """

    ct: Acquisition
    pet: Acquisition


# Acquisitions of the head and neck, and from vertex to thighs
_SMALL = Scanners(
    ct=Acquisition((92, 104), (98, 110), (86, 95), (2.6, 2.6, 3.3), spread=0.05),
    pet=Acquisition((58, 64), (60, 66), (78, 86), (4.6, 4.6, 3.7), spread=0.04),
)
_SMALL_WHOLE = Scanners(
    ct=Acquisition((150, 160), (112, 122), (236, 250), (3.0, 3.0, 3.9), spread=0.03),
    pet=Acquisition((96, 104), (72, 78), (182, 194), (4.8, 4.8, 5.0), spread=0.03),
)
_COMPACT = Scanners(
    ct=Acquisition((80, 84), (92, 96), (68, 71), (2.75, 2.75, 3.7), spread=0.03),
    pet=Acquisition((50, 54), (54, 58), (58, 62), (5.0, 5.0, 4.6), spread=0.03),
)
_COMPACT_WHOLE = Scanners(
    ct=Acquisition((70, 72), (52, 54), (130, 132), (5.5, 5.5, 6.8), spread=0.02),
    pet=Acquisition((53, 55), (40, 42), (106, 108), (7.4, 7.4, 8.2), spread=0.02),
)
_FULL = Scanners(
    ct=Acquisition((512, 512), (512, 512), (90, 130), (0.98, 0.98, 3.27)),
    pet=Acquisition((168, 168), (168, 168), (90, 130), (4.07, 4.07, 3.27)),
)
_FULL_WHOLE = Scanners(
    ct=Acquisition((512, 512), (512, 512), (300, 300), (0.98, 0.98, 3.27)),
    pet=Acquisition((168, 168), (168, 168), (300, 300), (4.07, 4.07, 3.27)),
)
# Acquisitions by kind of grid: of the head and neck, of the whole body
_SCANNERS = {"small": (_SMALL, _SMALL_WHOLE), "full": (_FULL, _FULL_WHOLE)}
GRIDS = tuple(_SCANNERS)
"""Names of the kinds of grids."""


@dataclass(frozen=True)
class Variant:
    """Fixed properties of a patient; None for a random one.

    Attributes:
        primary: Whether there is a GTVp.
        node_count: Number of GTVn.
        faint: Fraction of the GTVn with hardly any uptake.
        has_pet: Whether there is a PET.
        whole_body: Whether the scans go from vertex to thighs.
        broken_record: Whether the health record is invalid JSON.
        scanners: Kinds of acquisition.
    """

    primary: bool | None = None
    node_count: int | None = None
    faint: float | None = None
    has_pet: bool = True
    whole_body: bool | None = None
    broken_record: bool = False
    scanners: Scanners | None = None


ANY = Variant()
"""Variant without fixed properties."""

_ORDINARY = Variant(primary=True, node_count=2, faint=0.0, whole_body=False, scanners=_COMPACT)
VARIANTS: dict[str, Variant] = {
    "ordinary": _ORDINARY,
    "no_pet": replace(_ORDINARY, has_pet=False),
    "whole_body": replace(_ORDINARY, whole_body=True, scanners=_COMPACT_WHOLE),
    "no_primary": replace(_ORDINARY, primary=False),
    "many_nodes": replace(_ORDINARY, node_count=9, faint=0.4),
    "gaps": replace(_ORDINARY, broken_record=True),
}


def draw_patient(seed: int, index: int, *, grid: str = "small", variant: Variant = ANY) -> Patient:
    """Return the patient of a seed and a number; the same ones give the same voxels.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        grid: Kind of grids, "small", or "full" for the sizes of the public data; a variant's own grids come first.
        variant: Fixed properties of the patient.
    """
    of_file, of_disease, of_body, of_scans, of_ct, of_pet = np.random.default_rng([seed, index]).spawn(6)
    centre, person = draw_centre(of_file), Person.draw(of_file)
    record = person.record(of_file, centre.number)
    body = Body.draw(of_body, _draw_burden(of_disease, variant))
    pose, pet_pose = _draw_poses(of_scans, body.size)
    ct_grid, pet_grid = draw_grids(of_scans, pose, grid, variant)
    ct, mask, findings = _image_ct(body, pose, ct_grid, centre, of_ct)
    t, n = draw_stages(of_file, findings)
    hazard = hazard_per_day(
        findings,
        n,
        hpv_positive=person.hpv_positive,
        chemotherapy=person.chemotherapy,
        performance_status=person.performance_status,
    )
    follow_up = draw_follow_up(of_file, hazard)
    return Patient(
        seed=seed,
        index=index,
        ct=ct,
        pet=_image_pet(body, pet_pose, pet_grid, centre, of_pet) if variant.has_pet else None,
        mask=mask,
        ehr=record,
        broken_record=variant.broken_record,
        centre=centre.name,
        t_stage=t,
        n_stage=n,
        rfs_days=follow_up.days,
        relapse=follow_up.has_relapsed,
        findings=findings,
        body=body,
        pose=pose,
    )


def draw_grids(rng: np.random.Generator, pose: Pose, grid: str, variant: Variant) -> tuple[Grid, Grid]:
    """Draw the CT's grid and the PET's around a body: they cover nearly the same region, each in voxels of its own.

    Args:
        rng: Source of randomness.
        pose: Pose of the body in the CT.
        grid: Kind of grids, "small" or "full".
        variant: Fixed properties, of which `whole_body` and `scanners` are used.

    Returns:
        Grids of the CT and of the PET.
    """
    by_chance = bool(rng.random() < 0.25)
    whole = by_chance if variant.whole_body is None else variant.whole_body
    scanners = variant.scanners or _SCANNERS[grid][whole]
    height_mm = scanners.ct.slices[0] * scanners.ct.spacing_mm[2]
    # The crown is at about 170 mm; a scan of the head and neck may cut it off.
    top_mm = 184.0 if whole else float(rng.uniform(146, 160))
    middle = np.array([0, 5 if whole else -2, top_mm - height_mm / 2]) + rng.uniform(-4, 4, 3)
    shift = rng.uniform(-1, 1, 3) * (6, 6, 4)
    return (
        scanners.ct.draw_around(rng, pose.point_to_world(middle)),
        scanners.pet.draw_around(rng, pose.point_to_world(middle + shift)),
    )


LAYOUTS = {
    "container": write_container_case,
    "challenge": write_2026_case,
    "challenge-2025": write_2025_case,
    "challenge-2022": write_2022_case,
}
"""Functions that write a patient, by layout."""


def _draw_burden(rng: np.random.Generator, variant: Variant) -> Burden:
    """Draw the lesions: nine patients in ten have a primary and all have a lesion, unless the variant fixes it."""
    by_chance, count = bool(rng.random() < 0.9), draw_node_count(rng)
    primary = by_chance if variant.primary is None else variant.primary
    if variant.node_count is not None:
        count = variant.node_count
    elif not primary:
        count = max(count, 1)
    faint = FAINT if variant.faint is None else variant.faint
    return Burden.draw(rng, primary=primary, node_count=count, faint=faint)


def _draw_poses(rng: np.random.Generator, size: Point) -> tuple[Pose, Pose]:
    """Draw the pose in the CT, and in the PET some minutes later, up to 2 mm from there."""
    lying = Rotation.from_euler("xyz", rng.normal(0, (2.5, 2.0, 2.5)), degrees=True).as_matrix()
    centre = rng.normal(0, (6, 12, 25))
    way = rng.standard_normal(3)
    moved = centre + way / np.linalg.norm(way) * rng.uniform(0, MOTION_MM)
    (x, y, z), (mx, my, mz) = centre.tolist(), moved.tolist()
    return Pose(lying, (x, y, z), size), Pose(lying, (mx, my, mz), size)


def _image_ct(
    body: Body, pose: Pose, grid: Grid, centre: Centre, rng: np.random.Generator
) -> tuple[sitk.Image, sitk.Image, Findings]:
    """Return the CT, the label map and the findings in it."""
    coordinates = Coordinates.of(grid, pose, body.bends)
    tissues = paint(body.structures, coordinates)
    labels, findings = _outline(body.burden, tissues, coordinates, grid)
    if rng.random() >= centre.enhanced:
        tissues[(tissues == Tissue.ARTERY) | (tissues == Tissue.VEIN)] = Tissue.BLOOD
    ct = scan_ct(tissues, grid, coordinates, rng, metal=body.metal, couch=bool(rng.random() < 0.9))
    grain = smooth_noise(grid, rng, sigma_mm=1.0)
    grain *= centre.grain_hu
    grain += ct
    noisy = np.rint(np.clip(grain, LOWEST_HU, HIGHEST_HU, out=grain), out=grain).astype(np.int16)
    return image_of(noisy, grid), image_of(labels, grid), findings


def _outline(burden: Burden, tissues: LabelArray, coordinates: Coordinates, grid: Grid) -> tuple[LabelArray, Findings]:
    """Paint the lesions into a tissue map, in place; return their label map and the findings in it."""
    labels = np.zeros(tissues.shape, dtype=np.uint8)
    voxel_ml = grid.voxel_volume_mm3 / 1000
    extents: dict[int, list[float]] = {GTVP: [0.0], GTVN: []}
    sides, volume_ml, tlg = set(), 0.0, 0.0
    for label, lesion in [*((GTVP, piece) for piece in burden.primaries), *((GTVN, node) for node in burden.nodes)]:
        mask = lesion.paint(tissues, coordinates, labels, label)
        if mask.any():
            extents[label].append(extent_mm(mask, grid))
            sides |= {lesion.mass.centre[0] > 0} if label == GTVN else set()
            volume_ml += mask.sum() * voxel_ml
            tlg += mask.sum() * voxel_ml * lesion.suv
    found = Findings(max(extents[GTVP]), tuple(extents[GTVN]), len(sides) > 1, float(volume_ml), float(tlg))
    return labels, found


def _image_pet(body: Body, pose: Pose, grid: Grid, centre: Centre, rng: np.random.Generator) -> sitk.Image:
    fine = fine_grid_of(grid)
    coordinates = Coordinates.of(fine, pose, body.bends)
    tissues = paint(with_uptake_tissues(body.structures), coordinates)
    activity = activity_of(tissues, fine, coordinates, body.burden.all, Metabolism.draw(rng), rng)
    return image_of(scan_pet(activity, grid, centre.scanner_of(rng), rng), grid)
