"""Patients of HaN-Seg: one anatomy in CT and MR, organs, layouts, variants."""

from __future__ import annotations

import csv
import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.body.organs import LABELS, outline
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.challenges.han_seg import (
    VARIANTS,
    Anatomy,
    Patient,
    Scanners,
    Variant,
    draw_patient,
    transform_between,
    write_challenge_case,
    write_container_case,
)
from hnseg.phantom.scanners.grids import Acquisition

COARSE = Scanners(
    ct=Acquisition((40, 44), (44, 48), (34, 38), (5.0, 5.0, 6.0), spread=0.05),
    mr=Acquisition((38, 42), (38, 42), (18, 20), (5.0, 5.0, 8.0), spread=0.05),
)
SHIPPED = Path(__file__).parents[3] / "test_data" / "han_seg"
SHIPPED_SEED = 3


@functools.cache
def drawn(name: str) -> Patient:
    return draw_patient(SHIPPED_SEED, list(VARIANTS).index(name), variant=VARIANTS[name])


@functools.cache
def coarse(index: int) -> Patient:
    return draw_patient(5, index, variant=Variant(scanners=COARSE))


def body_of(scan: np.ndarray, threshold: float) -> np.ndarray:
    """The largest thing in a scan, so that couch, mask and noise don't count; without its hollows."""
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray((scan > threshold).astype(np.uint8))))
    return array_of(sitk.BinaryMorphologicalClosing(pieces == 1, (3, 3, 2))) > 0


def angle_deg(transform: sitk.Euler3DTransform) -> float:
    return float(Rotation.from_matrix(np.array(transform.GetMatrix()).reshape(3, 3)).magnitude() * 180 / np.pi)


def test_same_numbers_give_the_same_voxels_and_files(tmp_path):
    first, again = (draw_patient(8, 2, variant=Variant(scanners=COARSE)) for _ in range(2))
    for one, other in ((first.ct, again.ct), (first.t1, again.t1), (first.organs, again.organs)):
        np.testing.assert_array_equal(array_of(one), array_of(other))
        assert Grid.of(one) == Grid.of(other)
    assert first.ct_to_mr.GetParameters() == again.ct_to_mr.GetParameters()
    files = [
        sorted(str(file.relative_to(folder)) for file in folder.rglob("*.*"))
        for folder in (write_container_case(p, tmp_path / n) for p, n in ((first, "a"), (again, "b")))
    ]
    assert files[0] == files[1]


def test_another_seed_or_index_is_another_patient():
    numbers = ((0, 0), (0, 1), (1, 0))
    scans = [array_of(draw_patient(*pair, variant=Variant(scanners=COARSE)).ct) for pair in numbers]
    assert len({scan.tobytes() for scan in scans}) == 3


def test_a_fixed_property_leaves_all_others_as_they_were():
    plain = coarse(1)
    without_mr = draw_patient(5, 1, variant=Variant(has_mr=False, scanners=COARSE))
    np.testing.assert_array_equal(array_of(plain.ct), array_of(without_mr.ct))
    undrawn = draw_patient(5, 1, variant=Variant(not_outlined=("Lips",), scanners=COARSE))
    np.testing.assert_array_equal(array_of(plain.t1), array_of(undrawn.t1))
    changed = array_of(plain.organs) != array_of(undrawn.organs)
    assert set(array_of(plain.organs)[changed]) == {LABELS["Lips"]}


def test_label_map_lies_on_the_ct_and_the_mr_does_not():
    patient = drawn("ordinary")
    assert Grid.of(patient.ct) == Grid.of(patient.organs)
    assert not Grid.of(patient.ct).matches(Grid.of(patient.t1))
    assert patient.organs.GetPixelID() == sitk.sitkUInt8
    assert patient.ct.GetPixelID() == patient.t1.GetPixelID() == sitk.sitkInt16


def test_mr_shows_less_in_thicker_slices():
    ct, mr = Grid.of(drawn("ordinary").ct), Grid.of(drawn("ordinary").t1)
    assert mr.spacing_mm[2] > 2 * mr.spacing_mm[0]
    assert mr.size_xyz[2] * mr.spacing_mm[2] < 0.8 * ct.size_xyz[2] * ct.spacing_mm[2]


def test_poses_stay_within_20_degrees_and_60_mm_and_reach_far():
    poses = [coarse(index).ct_to_mr for index in range(16)]
    angles, ways = [angle_deg(p) for p in poses], [np.linalg.norm(p.GetTranslation()) for p in poses]
    assert max(angles) <= 20
    assert max(ways) <= 60
    assert max(angles) > 14
    assert max(ways) > 42


def test_transform_takes_the_ct_to_the_same_tissue_in_the_mr():
    anatomy = Anatomy.draw(np.random.default_rng(4))
    lying = Pose(Rotation.from_euler("xyz", (2, -3, 4), degrees=True).as_matrix(), (10.0, -20.0, 30.0), anatomy.size)
    turned = Pose(Rotation.from_euler("xyz", (-9, 7, 12), degrees=True).as_matrix(), (-25.0, 14.0, 5.0), anatomy.size)
    maps = []
    for pose in (lying, turned):
        around = Acquisition((80, 80), (80, 80), (80, 80), (1.5, 1.5, 1.5))
        grid = around.draw_around(np.random.default_rng(0), tuple(pose.to_world(np.array([[0, -20, 5]]))[0]))
        coordinates = Coordinates.of(grid, pose, anatomy.bends)
        maps.append(image_of(outline(anatomy.structures, paint(anatomy.structures, coordinates), coordinates), grid))
    moved = sitk.Resample(maps[1], maps[0], transform_between(lying, turned), sitk.sitkNearestNeighbor, 255.0)
    fixed, found = array_of(maps[0]), array_of(moved)
    fixed[found == 255] = found[found == 255] = 0
    for organ in ("Cavity_Oral", "Bone_Mandible", "Glnd_Submand_L", "Glnd_Submand_R", "SpinalCord", "Larynx_SG"):
        one, other = fixed == LABELS[organ], found == LABELS[organ]
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) > 0.9


@pytest.mark.parametrize("name", ["ordinary", "oblique", "metal"])
def test_transform_maps_the_patient_of_the_ct_onto_that_of_the_mr(name):
    patient = drawn(name)
    moved = array_of(sitk.Resample(patient.t1, patient.ct, patient.ct_to_mr, sitk.sitkLinear, -1.0, sitk.sitkFloat32))
    in_view = moved >= 0
    ct, mr = body_of(array_of(patient.ct), -400), body_of(moved, 0.12 * np.percentile(moved[in_view], 99))
    ct, mr = ct & in_view, mr & in_view
    assert 2 * (ct & mr).sum() / (ct.sum() + mr.sum()) > 0.93


def test_tiny_overlap_has_hardly_any_anatomy_of_the_ct():
    patient = drawn("tiny_overlap")
    nearest = sitk.Resample(
        patient.t1, patient.ct, patient.ct_to_mr, sitk.sitkNearestNeighbor, -1.0, sitk.sitkInt32
    )  # fmt: skip
    seen = (array_of(nearest) >= 0) & body_of(array_of(patient.ct), -400)
    assert 0 < seen.sum() < 0.08 * body_of(array_of(patient.ct), -400).sum()
    assert not array_of(patient.organs)[seen].any()
    assert array_of(patient.t1).max() > 0


def test_oblique_variant_is_tilted_by_some_eight_degrees_in_both_scans():
    for image in (drawn("oblique").ct, drawn("oblique").t1):
        direction = np.array(image.GetDirection()).reshape(3, 3)
        assert 7 < np.degrees(np.arccos(direction[2, 2])) < 10
        np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-12)


def test_metal_variant_holds_metal_and_streaks_beside_the_teeth():
    metal, plain = (array_of(drawn(name).ct) for name in ("metal", "ordinary"))
    assert metal.max() > plain.max()
    crowns = np.flatnonzero((metal > 2900).any(axis=(1, 2)))
    tongue = array_of(drawn("metal").organs) == LABELS["Cavity_Oral"]
    among, beneath = metal[crowns][tongue[crowns]], metal[: crowns.min() - 2][tongue[: crowns.min() - 2]]
    assert among.std() > 2 * beneath.std() > 0


def test_missing_organ_variant_lacks_the_chiasm_alone():
    labels = set(np.unique(array_of(drawn("missing_organ").organs)))
    assert labels == set(range(31)) - {LABELS["OpticChiasm"]}


def test_container_layout(tmp_path):
    case = write_container_case(coarse(0), tmp_path)
    assert case.name == "case_000"
    folders = {path.parent.relative_to(case).as_posix(): path for path in case.rglob("*.mha")}
    assert set(folders) == {"input/images/ct", "input/images/t1-mri", "expected/images/head_neck_oar"}
    assert folders["expected/images/head_neck_oar"].name == "output.mha"
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(folders["input/images/ct"]))), array_of(coarse(0).ct))
    kept = sitk.ReadTransform(str(case / "expected" / "ct_to_mr.tfm"))
    point = (11.0, -60.0, 30.0)
    np.testing.assert_allclose(kept.TransformPoint(point), coarse(0).ct_to_mr.TransformPoint(point), atol=1e-6)


def test_case_without_mr_has_neither_its_folder_nor_a_transform(tmp_path):
    patient = draw_patient(5, 2, variant=Variant(has_mr=False, scanners=COARSE))
    case = write_container_case(patient, tmp_path)
    assert [path.name for path in (case / "input" / "images").iterdir()] == ["ct"]
    assert not list(case.rglob("*.tfm"))


def test_challenge_layout_has_a_mask_an_outlined_organ_with_a_wrong_header(tmp_path):
    variant = Variant(not_outlined=("OpticChiasm",), scanners=COARSE)
    case = write_challenge_case(draw_patient(5, 0, variant=variant), tmp_path)
    assert case == tmp_path / "HaN-Seg" / "set_1" / "case_01"
    organs = {f"case_01_OAR_{name}.seg.nrrd" for name in LABELS if name != "OpticChiasm"}
    others = {"case_01_IMG_CT.nrrd", "case_01_IMG_MR_T1.nrrd", "case_01_ct_to_mr.tfm"}
    assert {path.name for path in case.iterdir()} == organs | others
    mask = sitk.ReadImage(str(case / "case_01_OAR_SpinalCord.seg.nrrd"))
    np.testing.assert_array_equal(array_of(mask), array_of(coarse(0).organs) == LABELS["SpinalCord"])
    assert mask.GetMetaData("Segment0_ID") == "A_Carotid_L"


def test_table_of_the_challenge_layout_marks_the_outlined_organs(tmp_path):
    undrawn = draw_patient(5, 1, variant=Variant(not_outlined=("OpticChiasm",), scanners=COARSE))
    # A case that is written again keeps its one line.
    for patient in (undrawn, coarse(0), undrawn):
        write_challenge_case(patient, tmp_path)
    with (tmp_path / "HaN-Seg" / "OAR_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [row.pop("case") for row in rows] == ["case_01", "case_02"]
    assert [{name for name, drawn_ in row.items() if drawn_ == "0"} for row in rows] == [set(), {"OpticChiasm"}]


def test_shipped_cases_come_out_of_their_recipe(tmp_path):
    for index, variant in enumerate(VARIANTS):
        name = f"case_{index:03d}"
        made = write_container_case(drawn(variant), tmp_path)
        files = sorted(path.relative_to(made) for path in made.rglob("*.mha"))
        assert files == sorted(path.relative_to(SHIPPED / name) for path in (SHIPPED / name).rglob("*.mha"))
        for file in files:
            new, old = (array_of(sitk.ReadImage(str(folder / file))).astype(int) for folder in (made, SHIPPED / name))
            # Another processor may round a voxel differently.
            assert (abs(new - old) > 1).mean() < 1e-3


def test_small_patient_needs_little_memory():
    # In a process of its own, by its own peak: getrusage would hand that of this one down.
    program = (
        "from hnseg.machine import peak_gib; from hnseg.phantom.challenges.han_seg import draw_patient;"
        " draw_patient(0, 0); print(peak_gib())"
    )
    assert float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout) < 1
