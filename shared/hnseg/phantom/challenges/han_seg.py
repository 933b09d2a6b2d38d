"""Phantoms of HaN-Seg 2023: a patient's planning CT, a T1-weighted MR in a frame of its own, and 30 organs at risk.

The two scans show one and the same anatomy, so that a rigid transform maps CT points to MR points exactly. It is
written beside the case. The label map lies on the CT's grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.organ_anatomy import METAL_SITES, ORGAN_GROUPS, body_of
from hnseg.phantom.body.organs import LABELS, outline
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.variation import Variation
from hnseg.phantom.scanners.ct import scan_ct
from hnseg.phantom.scanners.grids import Acquisition
from hnseg.phantom.scanners.mr import Protocol, scan
from hnseg.phantom.writing import write_image, write_inputs, write_table_row


@dataclass(frozen=True)
class Scanners:
    """Kinds of acquisition of a patient's two scans.

    Attributes:
        ct: Acquisition of the CT.
        mr: Acquisition of the MR.
    """

    ct: Acquisition
    mr: Acquisition


_SMALL = Scanners(
    ct=Acquisition((96, 112), (108, 118), (76, 84), (2.0, 2.0, 2.75), spread=0.05),
    mr=Acquisition((150, 172), (150, 172), (34, 42), (1.25, 1.25, 4.0), spread=0.05),
)
_COMPACT = Scanners(
    ct=Acquisition((90, 94), (104, 108), (72, 74), (2.1, 2.1, 3.0), spread=0.04),
    mr=Acquisition((116, 124), (116, 124), (28, 31), (1.6, 1.6, 4.8), spread=0.05),
)
_FULL_MR = Acquisition((320, 384), (320, 384), (40, 56), (0.6, 0.6, 3.0), spread=0.1)
# Frequency of each size; all cover the 300 mm of anatomy from the chest to the vertex
_FULL: tuple[tuple[int, Scanners], ...] = (
    (20, Scanners(Acquisition((512, 512), (512, 512), (130, 150), (1.0, 1.0, 2.2), spread=0.1), _FULL_MR)),
    (5, Scanners(Acquisition((512, 512), (512, 512), (180, 200), (0.95, 0.95, 1.6), spread=0.05), _FULL_MR)),
    (1, Scanners(Acquisition((1024, 1024), (1024, 1024), (202, 202), (0.5, 0.5, 1.5)), _FULL_MR)),
)
GRIDS = ("small", "full")
"""Names of the kinds of grids."""


@dataclass(frozen=True)
class Variant:
    """Fixed properties of a patient; None for a random one.

    Attributes:
        has_mr: Whether there is an MR.
        tiny_overlap: Whether CT and MR have hardly any anatomy in common.
        tilt_deg: Angle of both scans' slices against their worlds' axes.
        metal: Whether teeth have metal.
        not_outlined: Names of organs without an outline.
        scanners: Kinds of acquisition.
    """

    has_mr: bool = True
    tiny_overlap: bool = False
    tilt_deg: float | None = None
    metal: bool | None = None
    not_outlined: tuple[str, ...] = ()
    scanners: Scanners | None = None


ANY = Variant()
"""Variant without fixed properties."""

VARIANTS: dict[str, Variant] = {
    "ordinary": Variant(metal=False, tilt_deg=0.0, scanners=_COMPACT),
    "tiny_overlap": Variant(tiny_overlap=True, metal=False, tilt_deg=0.0, scanners=_COMPACT),
    "no_mr": Variant(has_mr=False, metal=False, tilt_deg=0.0, scanners=_COMPACT),
    "oblique": Variant(tilt_deg=8.0, metal=False, scanners=_COMPACT),
    "metal": Variant(metal=True, tilt_deg=0.0, scanners=_COMPACT),
    "missing_organ": Variant(not_outlined=("OpticChiasm",), metal=False, tilt_deg=0.0, scanners=_COMPACT),
}


@dataclass(frozen=True)
class Patient:
    """Scans and organs of a patient, with the numbers they were drawn from.

    Attributes:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        ct: CT, int16, HU.
        t1: T1-weighted MR, int16, on its own grid in its own frame; None without an MR.
        organs: Label map, uint8, on the CT's grid, with the labels of `hnseg.phantom.body.organs`.
        ct_to_mr: Transform from points of the CT's world to points of the MR's; None without an MR.
        not_outlined: Names of organs without an outline.
    """

    seed: int
    index: int
    ct: sitk.Image
    t1: sitk.Image | None
    organs: sitk.Image
    ct_to_mr: sitk.Euler3DTransform | None
    not_outlined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Anatomy:
    """Anatomy of a patient, the same for both scanners.

    Attributes:
        structures: Structures in the order of painting.
        bends: Smooth displacements of the body.
        size: Size of the average anatomy relative to this body, (x, y, z).
        metal: Centres of metal in teeth, in the anatomy's coordinates.
    """

    structures: tuple[Structure, ...]
    bends: tuple[SmoothField, ...]
    size: Point
    metal: tuple[Point, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, *, metal: bool | None = None) -> Anatomy:
        """Draw the anatomy of a patient; about one in three has metal in teeth, unless `metal` fixes it."""
        x, y, z = (1 / rng.uniform(0.95, 1.06, 3)).tolist()
        bend = SmoothField.draw(rng, reach_mm=200, length_mm=70, size=2.0)
        wrinkle = SmoothField.draw(rng, reach_mm=150, length_mm=22, size=0.7)
        structures = Variation.draw(rng, ORGAN_GROUPS).of(body_of(Habitus.draw(rng)))
        has_metal = bool(rng.random() < 0.35)
        crowns = rng.permutation(len(METAL_SITES))[: rng.integers(1, 5)]
        sites = tuple(METAL_SITES[place] for place in crowns) if (has_metal if metal is None else metal) else ()
        return cls(tuple(structures), (bend, wrinkle), (x, y, z), sites)


def draw_patient(seed: int, index: int, *, grid: str = "small", variant: Variant = ANY) -> Patient:
    """Return the patient of a seed and a number; the same ones give the same voxels.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        grid: Kind of grids, "small", or "full" for the sizes of the public data; a variant's own grids come first.
        variant: Fixed properties of the patient.
    """
    of_body, of_poses, of_grids, of_ct, of_mr = np.random.default_rng([seed, index]).spawn(5)
    anatomy = Anatomy.draw(of_body, metal=variant.metal)
    ct_pose, mr_pose = _draw_poses(of_poses, anatomy.size, still=variant.tiny_overlap)
    scanners = variant.scanners or _draw_scanners(of_grids, grid)
    ct_grid, mr_grid = _draw_grids(of_grids, scanners, variant, (ct_pose, mr_pose))
    ct, organs = _image_ct(anatomy, ct_pose, ct_grid, of_ct)
    return Patient(
        seed=seed,
        index=index,
        ct=ct,
        t1=_image_t1(anatomy, mr_pose, mr_grid, of_mr) if variant.has_mr else None,
        organs=_without(organs, variant.not_outlined),
        ct_to_mr=transform_between(ct_pose, mr_pose) if variant.has_mr else None,
        not_outlined=variant.not_outlined,
    )


def transform_between(ct: Pose, mr: Pose) -> sitk.Euler3DTransform:
    """Return the rigid transform from points of the CT's world to the points of the MR's with the same anatomy.

    Args:
        ct: Pose of the body in the CT.
        mr: Pose of the same body in the MR.
    """
    transform = sitk.Euler3DTransform()
    transform.SetCenter(ct.centre_mm)
    transform.SetMatrix((mr.rotation.T @ ct.rotation).ravel().tolist())
    transform.SetTranslation((np.array(mr.centre_mm) - np.array(ct.centre_mm)).tolist())
    return transform


def write_container_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the container's layout: `case_000/input`, with the answers in `case_000/expected`.

    Returns:
        Folder of the case.
    """
    case = output / f"case_{patient.index:03d}"
    images = {"ct": patient.ct, "t1-mri": patient.t1}
    write_inputs(images, case / "input", seed=patient.seed, index=patient.index)
    write_image(patient.organs, case / "expected" / "images" / "head_neck_oar" / "output.mha")
    if patient.ct_to_mr is not None:
        sitk.WriteTransform(patient.ct_to_mr, str(case / "expected" / "ct_to_mr.tfm"))
    return case


def write_challenge_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the layout of the public data set: `HaN-Seg/set_1/case_01/...`, and a row of `OAR_data.csv`.

    As in the data set, the header of each mask names the organ `A_Carotid_L`, whatever it is; file names are right.

    Returns:
        Folder of the case.
    """
    name = f"case_{patient.index + 1:02d}"
    case = output / "HaN-Seg" / "set_1" / name
    write_image(patient.ct, case / f"{name}_IMG_CT.nrrd")
    if patient.t1 is not None and patient.ct_to_mr is not None:
        write_image(patient.t1, case / f"{name}_IMG_MR_T1.nrrd")
        sitk.WriteTransform(patient.ct_to_mr, str(case / f"{name}_ct_to_mr.tfm"))
    outlined = {organ: label for organ, label in LABELS.items() if organ not in patient.not_outlined}
    for organ, label in outlined.items():
        mask = patient.organs == label
        mask.SetMetaData("Segment0_ID", "A_Carotid_L")
        mask.SetMetaData("Segment0_Name", "A_Carotid_L")
        write_image(mask, case / f"{name}_OAR_{organ}.seg.nrrd")
    row = {"case": name, **{organ: str(int(organ in outlined)) for organ in LABELS}}
    write_table_row(output / "HaN-Seg" / "OAR_data.csv", row, delimiter=";")
    return case


LAYOUTS = {"container": write_container_case, "challenge": write_challenge_case}
"""Functions that write a patient, by layout."""


def _draw_scanners(rng: np.random.Generator, grid: str) -> Scanners:
    if grid == "small":
        return _SMALL
    counts = np.array([count for count, _ in _FULL])
    return _FULL[rng.choice(len(_FULL), p=counts / counts.sum())][1]


def _draw_poses(rng: np.random.Generator, size: Point, *, still: bool) -> tuple[Pose, Pose]:
    """Draw the poses in the CT and in the MR, up to 20 degrees and 60 mm apart, or up to 3 and 10 if `still`."""
    lying = Rotation.from_euler("xyz", rng.normal(0, (2.5, 2.0, 2.5)), degrees=True).as_matrix()
    x, y, z = rng.normal(0, (6, 12, 25)).tolist()
    axis, way = (v / np.linalg.norm(v) for v in rng.standard_normal((2, 3)))
    angle_deg, distance_mm = rng.uniform(0, (20, 60)) if not still else rng.uniform(0, (3, 10))
    turned = Rotation.from_rotvec(axis * angle_deg, degrees=True).as_matrix()
    mx, my, mz = (np.array((x, y, z)) + way * distance_mm).tolist()
    return Pose(lying, (x, y, z), size), Pose(lying @ turned, (mx, my, mz), size)


def _draw_grids(
    rng: np.random.Generator, scanners: Scanners, variant: Variant, poses: tuple[Pose, Pose]
) -> tuple[Grid, Grid]:
    """Draw the grids: the CT from above the orbits to below the thyroid, the MR over a part of that."""
    ct_tilt, mr_tilt = (float(rng.choice((0, rng.normal(0, 5)), p=(0.85, 0.15))) for _ in range(2))
    if variant.tilt_deg is not None:
        ct_tilt, mr_tilt = variant.tilt_deg, -variant.tilt_deg
    ct_middle = np.array([0, -3, 4]) + rng.uniform(-3, 3, 3)
    mr_middle = np.array([0, -10, rng.uniform(0, 32)]) + rng.normal(0, (6, 7, 0))
    if variant.tiny_overlap:
        # The crown, of which the CT covers one or two slices.
        mr_middle[2] = 180
    ct_pose, mr_pose = poses
    return (
        scanners.ct.draw_around(rng, ct_pose.point_to_world(ct_middle), tilt_deg=ct_tilt),
        scanners.mr.draw_around(rng, mr_pose.point_to_world(mr_middle), tilt_deg=mr_tilt),
    )


def _image_ct(anatomy: Anatomy, pose: Pose, grid: Grid, rng: np.random.Generator) -> tuple[sitk.Image, sitk.Image]:
    """Return the CT and the label map."""
    coordinates = Coordinates.of(grid, pose, anatomy.bends)
    tissues = paint(anatomy.structures, coordinates)
    organs = outline(anatomy.structures, tissues, coordinates)
    ct = scan_ct(tissues, grid, coordinates, rng, metal=anatomy.metal, couch=bool(rng.random() < 0.9))
    return image_of(ct, grid), image_of(organs, grid)


def _image_t1(anatomy: Anatomy, pose: Pose, grid: Grid, rng: np.random.Generator) -> sitk.Image:
    coordinates = Coordinates.of(grid, pose, anatomy.bends)
    tissues = paint(anatomy.structures, coordinates)
    return image_of(scan(tissues, grid, coordinates, Protocol.draw_t1(rng), rng, anatomy.metal), grid)


def _without(organs: sitk.Image, names: tuple[str, ...]) -> sitk.Image:
    labels = array_of(organs)
    labels[np.isin(labels, [LABELS[name] for name in names])] = 0
    return image_of(labels, Grid.of(organs))
