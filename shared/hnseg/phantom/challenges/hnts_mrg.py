"""Phantoms of HNTS-MRG 2024 task 2: a patient's T2-weighted scans and masks before and in mid-treatment.

Beside the two scans on their own grids there is the earlier one registered onto the later one's grid, with the residual
of a registration: a smooth deformation of a few mm and a small shift. The mask is resampled by the same transform with
nearest neighbours. Labels: 1 GTVp, 2 GTVn.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid, image_of
from hnseg.phantom.body.anatomy import structures_of
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.tumours import Disease
from hnseg.phantom.scanners.grids import Acquisition
from hnseg.phantom.scanners.mr import Protocol, scan
from hnseg.phantom.writing import write_image, write_inputs

# Grids of the public data (matrix sizes and spacings of the 150 training patients) and the number of patients of each
_FULL: tuple[tuple[int, Acquisition], ...] = (
    (106, Acquisition((512, 512), (512, 512), (59, 90), (0.5, 0.5, 2.0))),
    (26, Acquisition((528, 528), (528, 528), (104, 126), (0.985, 0.985, 1.2))),
    (5, Acquisition((640, 640), (640, 640), (62, 70), (0.4, 0.4, 2.0))),
    (4, Acquisition((512, 512), (512, 512), (118, 132), (0.5, 0.5, 1.0))),
    (2, Acquisition((480, 480), (480, 480), (140, 140), (0.833, 0.833, 1.0))),
)
_SMALL = Acquisition((112, 136), (112, 136), (36, 44), (2.0, 2.0, 3.0), spread=0.05)
_COMPACT = Acquisition((80, 84), (100, 104), (29, 31), (2.0, 2.0, 3.0), spread=0.05)
_CLOSE_UP = Acquisition((100, 104), (102, 106), (36, 38), (0.985, 0.985, 1.2))
GRIDS = ("small", "full")
"""Names of the kinds of grids."""


@dataclass(frozen=True)
class Variant:
    """Fixed properties of a patient; None for a random one.

    Attributes:
        primary: Whether there is a GTVp before treatment.
        primary_vanishes: Whether it is gone at mid-treatment.
        nodes: Whether there are GTVn, at both times.
        prior_outlined: Whether the tumours were outlined before treatment; if not, both earlier masks are empty.
        tilt_deg: Angle of the mid-RT slices against the world's axes.
        acquisition: Kind of acquisition of both scans.
    """

    primary: bool | None = None
    primary_vanishes: bool | None = None
    nodes: bool | None = None
    prior_outlined: bool = True
    tilt_deg: float | None = None
    acquisition: Acquisition | None = None


ANY = Variant()
"""Variant without fixed properties."""

VARIANTS: dict[str, Variant] = {
    "ordinary": Variant(primary=True, primary_vanishes=False, nodes=True, acquisition=_COMPACT),
    "vanished_primary": Variant(primary=True, primary_vanishes=True, nodes=True, acquisition=_COMPACT),
    "no_nodes": Variant(primary=True, primary_vanishes=False, nodes=False, acquisition=_COMPACT),
    "empty_prior": Variant(
        primary=True, primary_vanishes=False, nodes=True, prior_outlined=False, acquisition=_COMPACT
    ),
    "oblique": Variant(primary=True, primary_vanishes=False, nodes=True, tilt_deg=7.0, acquisition=_COMPACT),
    "fine_slices": Variant(primary=True, primary_vanishes=False, nodes=True, acquisition=_CLOSE_UP),
}


@dataclass(frozen=True)
class Patient:
    """Images of a patient, masks uint8 and scans int16, with the numbers they were drawn from.

    Attributes:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        mid_t2w: T2-weighted scan in mid-treatment.
        mid_mask: Mask on that scan.
        pre_t2w: T2-weighted scan before treatment.
        pre_mask: Mask on that scan.
        registered_t2w: Earlier scan on the grid of the later one.
        registered_mask: Earlier mask on the grid of the later scan.
    """

    seed: int
    index: int
    mid_t2w: sitk.Image
    mid_mask: sitk.Image
    pre_t2w: sitk.Image
    pre_mask: sitk.Image
    registered_t2w: sitk.Image
    registered_mask: sitk.Image


@dataclass(frozen=True)
class _Day:
    """State of a patient on the day of a scan.

    Attributes:
        habitus: Build of the body.
        disease: Tumours.
        bends: Smooth displacements of the body.
        pose: Pose in the scanner.
        grid: Grid of the scan.
    """

    habitus: Habitus
    disease: Disease
    bends: tuple[SmoothField, ...]
    pose: Pose
    grid: Grid


def draw_patient(seed: int, index: int, *, grid: str = "small", variant: Variant = ANY) -> Patient:
    """Return the patient of a seed and a number; the same ones give the same voxels.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        grid: Kind of grids, "small", or "full" for the sizes of the public data; a variant's own grids come first.
        variant: Fixed properties of the patient.
    """
    rng = np.random.default_rng([seed, index])
    protocol = Protocol.draw(rng)
    pre, mid = _draw_days(rng, variant, variant.acquisition or _acquisition(rng, grid))
    pre_t2w, pre_mask = _image(pre, protocol, rng, outlined=variant.prior_outlined)
    mid_t2w, mid_mask = _image(mid, protocol, rng, outlined=True)
    # 0 outside the earlier scan; the spline leaves small negative values, as it does in the public data.
    registration = _registration(pre.pose, mid.pose, mid.grid, rng)
    return Patient(
        seed=seed,
        index=index,
        mid_t2w=mid_t2w,
        mid_mask=mid_mask,
        pre_t2w=pre_t2w,
        pre_mask=pre_mask,
        registered_t2w=sitk.Resample(pre_t2w, mid_t2w, registration, sitk.sitkBSpline),
        registered_mask=sitk.Resample(pre_mask, mid_mask, registration, sitk.sitkNearestNeighbor),
    )


def write_container_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the container's layout: `case_000/input`, with the answer in `case_000/expected`.

    Returns:
        Folder of the case.
    """
    case = output / f"case_{patient.index:03d}"
    images = {
        "mid-rt-t2w-head-neck": patient.mid_t2w,
        "pre-rt-t2w-head-neck": patient.pre_t2w,
        "pre-rt-head-neck-segmentation": patient.pre_mask,
        "registered-pre-rt-head-neck": patient.registered_t2w,
        "registered-pre-rt-head-neck-segmentation": patient.registered_mask,
    }
    write_inputs(images, case / "input", seed=patient.seed, index=patient.index)
    write_image(patient.mid_mask, case / "expected" / "images" / "mri-head-neck-segmentation" / "output.mha")
    return case


def write_challenge_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the layout of the public data set: `HNTSMRG24_train/<ID>/...`; the first ID is 1.

    Returns:
        Folder of the case.
    """
    number = patient.index + 1
    case = output / "HNTSMRG24_train" / str(number)
    write_image(patient.pre_t2w, case / "preRT" / f"{number}_preRT_T2.nii.gz")
    write_image(patient.pre_mask, case / "preRT" / f"{number}_preRT_mask.nii.gz")
    write_image(patient.mid_t2w, case / "midRT" / f"{number}_midRT_T2.nii.gz")
    write_image(patient.mid_mask, case / "midRT" / f"{number}_midRT_mask.nii.gz")
    write_image(patient.registered_t2w, case / "midRT" / f"{number}_preRT_T2_registered.nii.gz")
    write_image(patient.registered_mask, case / "midRT" / f"{number}_preRT_mask_registered.nii.gz")
    return case


LAYOUTS = {"container": write_container_case, "challenge": write_challenge_case}
"""Functions that write a patient, by layout."""


def _acquisition(rng: np.random.Generator, grid: str) -> Acquisition:
    if grid == "small":
        return _SMALL
    counts = np.array([count for count, _ in _FULL])
    return _FULL[rng.choice(len(_FULL), p=counts / counts.sum())][1]


def _draw_days(rng: np.random.Generator, variant: Variant, acquisition: Acquisition) -> tuple[_Day, _Day]:
    """Draw a patient on the day before treatment and three weeks into it."""
    primary = _fixed_or(variant.primary, rng.random() < 0.9)
    vanishes = _fixed_or(variant.primary_vanishes, rng.random() < 0.1)
    count = int(rng.integers(1, 5))
    has_nodes = _fixed_or(variant.nodes, rng.random() < 0.88 or not primary)
    tilt = (
        variant.tilt_deg if variant.tilt_deg is not None else float(rng.choice((0, rng.normal(0, 4)), p=(0.85, 0.15)))
    )

    habitus = Habitus.draw(rng)
    disease = Disease.draw(rng, primary=primary, node_count=count if has_nodes else 0)
    size = rng.uniform(0.94, 1.07, 3)
    bend = SmoothField.draw(rng, reach_mm=200, length_mm=70, size=2.2)
    wrinkle = SmoothField.draw(rng, reach_mm=150, length_mm=22, size=1.0)
    change = SmoothField.draw(rng, reach_mm=200, length_mm=45, size=0.8)
    pre_pose, mid_pose = (_draw_pose(rng, size) for _ in range(2))
    later = disease.after_three_weeks(rng, primary_vanishes=vanishes, node_vanishes=0.0 if variant.nodes else 1 / 12)
    pre = _Day(habitus, disease, (bend, wrinkle), pre_pose, acquisition.draw(rng, pre_pose))
    mid_grid = acquisition.draw(rng, mid_pose, tilt_deg=tilt)
    return pre, _Day(habitus.after_three_weeks(rng), later, (bend, wrinkle, change), mid_pose, mid_grid)


def _draw_pose(rng: np.random.Generator, size: np.ndarray) -> Pose:
    """Draw the pose of a patient, within a few degrees and centimetres of the middle."""
    rotation = Rotation.from_euler("xyz", rng.normal(0, (2.5, 2.0, 2.5)), degrees=True).as_matrix()
    x, y, z = rng.normal(0, (6, 12, 25)).tolist()
    a, b, c = (1 / size).tolist()
    return Pose(rotation, (x, y, z), (a, b, c))


def _image(day: _Day, protocol: Protocol, rng: np.random.Generator, *, outlined: bool) -> tuple[sitk.Image, sitk.Image]:
    """Return a day's scan and mask; the mask is empty unless the tumours were outlined."""
    coordinates = Coordinates.of(day.grid, day.pose, day.bends)
    tissues = paint(structures_of(day.habitus), coordinates)
    mask = np.zeros(tissues.shape, dtype=np.uint8)
    if day.disease.primary is not None:
        mask[day.disease.primary.paint(tissues, coordinates)] = 1
    for node in day.disease.nodes:
        mask[node.paint(tissues, coordinates)] = 2
    t2w = scan(tissues, day.grid, coordinates, protocol, rng)
    return image_of(t2w, day.grid), image_of(mask if outlined else np.zeros_like(mask), day.grid)


def _registration(pre: Pose, mid: Pose, grid: Grid, rng: np.random.Generator) -> sitk.Transform:
    """Return a transform as of a registration: from mid-RT points to pre-RT points, with errors of a few mm."""
    corners = grid.corners_mm()
    low, high = corners.min(axis=0) - 10, corners.max(axis=0) + 10
    step_mm = 8.0
    x, y, z = (np.arange(a, b + step_mm, step_mm) for a, b in zip(low, high, strict=True))
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    points = np.stack([xx, yy, zz], axis=-1)
    true = pre.to_world(mid.to_anatomy(points.reshape(-1, 3))).reshape(points.shape)
    middle = points.reshape(-1, 3).mean(axis=0)
    residual = SmoothField.draw(rng, reach_mm=200, length_mm=40, size=1.1)
    dx, dy, dz = residual.at(*((points[..., axis] - middle[axis]).astype(np.float32) for axis in range(3)))
    shift = rng.normal(0, 0.8, 3)
    offsets = true - points + np.stack([dx, dy, dz], axis=-1) + shift
    field: sitk.Image = sitk.GetImageFromArray(offsets.astype(np.float64), isVector=True)
    field.SetOrigin(low.tolist())
    field.SetSpacing([step_mm] * 3)
    return sitk.DisplacementFieldTransform(field)


def _fixed_or(fixed: bool | None, random: bool) -> bool:
    return random if fixed is None else fixed
