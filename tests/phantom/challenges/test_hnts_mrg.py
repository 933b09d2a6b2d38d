"""Patients of HNTS-MRG: scans and masks at two times, registered, in every layout."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges.hnts_mrg import (
    VARIANTS,
    Patient,
    Variant,
    draw_patient,
    write_challenge_case,
    write_container_case,
)
from hnseg.phantom.scanners.grids import Acquisition
from tests.phantom.conftest import TINY

IMAGES = ("mid_t2w", "mid_mask", "pre_t2w", "pre_mask", "registered_t2w", "registered_mask")
SHIPPED = Path(__file__).parents[3] / "test_data" / "hnts_mrg"
SHIPPED_SEED = 3


@functools.cache
def drawn(name: str, seed: int = SHIPPED_SEED) -> Patient:
    return draw_patient(seed, list(VARIANTS).index(name), variant=VARIANTS[name])


def dice(one, other) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_same_numbers_give_the_same_voxels_and_files(tmp_path):
    variant = Variant(acquisition=TINY)
    first, again = (draw_patient(8, 2, variant=variant) for _ in range(2))
    for name in IMAGES:
        one, other = getattr(first, name), getattr(again, name)
        np.testing.assert_array_equal(array_of(one), array_of(other))
        assert Grid.of(one) == Grid.of(other)
    files = [
        sorted(str(file.relative_to(folder)) for file in folder.rglob("*.mha"))
        for folder in (write_container_case(p, tmp_path / n) for p, n in ((first, "a"), (again, "b")))
    ]
    assert files[0] == files[1]


def test_another_seed_or_index_is_another_patient():
    variant = Variant(acquisition=TINY)
    scans = [array_of(draw_patient(*numbers, variant=variant).mid_t2w) for numbers in ((0, 0), (0, 1), (1, 0))]
    assert len({scan.tobytes() for scan in scans}) == 3


def test_masks_lie_on_their_scans_and_hold_only_the_two_labels(patient: Patient):
    assert Grid.of(patient.pre_t2w).matches(Grid.of(patient.pre_mask))
    for name in ("mid_mask", "registered_t2w", "registered_mask"):
        assert Grid.of(patient.mid_t2w) == Grid.of(getattr(patient, name))
    assert not Grid.of(patient.mid_t2w).matches(Grid.of(patient.pre_t2w))
    for mask in (patient.mid_mask, patient.pre_mask, patient.registered_mask):
        assert mask.GetPixelID() == sitk.sitkUInt8
        assert set(np.unique(array_of(mask))) == {0, 1, 2}


def test_primary_is_one_piece():
    mask = array_of(drawn("ordinary").mid_mask) == 1
    pieces = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    assert sitk.GetArrayViewFromImage(pieces).max() == 1


def test_scans_have_no_common_scale_and_no_negative_values():
    variant = Variant(acquisition=TINY)
    patients = [draw_patient(5, index, variant=variant) for index in range(4)]
    top = [np.percentile(array_of(scan), 99.5) for p in patients for scan in (p.pre_t2w, p.mid_t2w)]
    assert max(top) > 2 * min(top)
    assert all(array_of(scan).min() >= 0 for p in patients for scan in (p.pre_t2w, p.mid_t2w))


def test_registered_scan_is_zero_outside_the_overlap_and_dips_below_zero():
    patient = drawn("oblique")
    registered = array_of(patient.registered_t2w)
    assert (registered == 0).mean() > 0.005
    assert -0.3 * array_of(patient.pre_t2w).max() < registered.min() < 0


def test_copying_the_registered_mask_scores_badly_though_it_overlaps():
    coarse = Variant(acquisition=Acquisition((60, 64), (60, 64), (32, 34), (4.0, 4.0, 4.0)))
    patients = [draw_patient(11, index, variant=coarse) for index in range(8)]
    pairs = [(array_of(patient.registered_mask), array_of(patient.mid_mask)) for patient in patients]
    for label in (1, 2):
        common = sum(((prior == label) & (truth == label)).sum() for prior, truth in pairs)
        sizes = sum((prior == label).sum() + (truth == label).sum() for prior, truth in pairs)
        assert 0.35 < 2 * common / sizes < 0.7


def test_registered_scan_fits_the_mid_rt_scan_better_than_the_original_does():
    patient = drawn("ordinary")
    mid = array_of(patient.mid_t2w)
    body = mid > np.percentile(mid, 60)
    unregistered = array_of(sitk.Resample(patient.pre_t2w, patient.mid_t2w))
    registered = array_of(patient.registered_t2w)
    assert dice(body, registered > np.percentile(registered, 60)) > dice(
        body, unregistered > np.percentile(unregistered, 60)
    )


def test_tumour_is_brighter_than_the_muscle_around_the_spine():
    patient = drawn("ordinary")
    scan, mask = array_of(patient.mid_t2w), array_of(patient.mid_mask)
    assert np.median(scan[mask > 0]) > 1.5 * np.median(scan[scan > np.percentile(scan, 60)])


@pytest.mark.parametrize("seed", [SHIPPED_SEED, 12])
@pytest.mark.parametrize(
    ("name", "pre", "registered", "mid"),
    [
        ("ordinary", {1, 2}, {1, 2}, {1, 2}),
        ("vanished_primary", {1, 2}, {1, 2}, {2}),
        ("no_nodes", {1}, {1}, {1}),
        ("empty_prior", set(), set(), {1, 2}),
        ("oblique", {1, 2}, {1, 2}, {1, 2}),
    ],
)
def test_variant_holds_the_classes_it_promises(seed, name, pre, registered, mid):
    found = drawn(name, seed)
    assert set(np.unique(array_of(found.pre_mask))) - {0} == pre
    assert set(np.unique(array_of(found.registered_mask))) - {0} == registered
    assert set(np.unique(array_of(found.mid_mask))) - {0} == mid


def test_oblique_variant_is_tilted_by_seven_degrees():
    direction = np.array(drawn("oblique").mid_t2w.GetDirection()).reshape(3, 3)
    assert 5 < np.degrees(np.arccos(direction[2, 2])) < 9
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-12)


def test_fine_slices_variant_has_the_second_commonest_spacing_of_the_public_data():
    found = drawn("fine_slices")
    assert found.mid_t2w.GetSpacing() == found.pre_t2w.GetSpacing() == (0.985, 0.985, 1.2)


def test_chance_leaves_some_patients_without_a_primary_or_without_nodes():
    variant = Variant(acquisition=TINY)
    kinds = [set(np.unique(array_of(draw_patient(7, i, variant=variant).pre_mask))) for i in range(24)]
    absent = [sum(label not in kind for kind in kinds) for label in (1, 2)]
    assert all(1 <= count <= 8 for count in absent)


def test_small_grid_is_anisotropic_and_small():
    grid = Grid.of(draw_patient(0, 0).mid_t2w)
    (sx, sy, sz), (nx, ny, nz) = grid.spacing_mm, grid.size_xyz
    assert sx == sy
    assert sz > 1.3 * sx
    assert 112 <= min(nx, ny) <= max(nx, ny) <= 136
    assert 36 <= nz <= 44


def test_container_layout(patient: Patient, tmp_path):
    case = write_container_case(patient, tmp_path)
    folders = {path.parent.relative_to(case).as_posix(): path for path in case.rglob("*.mha")}
    assert set(folders) == {
        "input/images/mid-rt-t2w-head-neck",
        "input/images/pre-rt-t2w-head-neck",
        "input/images/pre-rt-head-neck-segmentation",
        "input/images/registered-pre-rt-head-neck",
        "input/images/registered-pre-rt-head-neck-segmentation",
        "expected/images/mri-head-neck-segmentation",
    }
    assert folders["expected/images/mri-head-neck-segmentation"].name == "output.mha"
    mid = sitk.ReadImage(str(folders["input/images/mid-rt-t2w-head-neck"]))
    np.testing.assert_array_equal(array_of(mid), array_of(patient.mid_t2w))
    assert Grid.of(mid).matches(Grid.of(patient.mid_t2w))


def test_challenge_layout_counts_from_one(patient: Patient, tmp_path):
    write_challenge_case(patient, tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.nii.gz")} == {
        "HNTSMRG24_train/1/preRT/1_preRT_T2.nii.gz",
        "HNTSMRG24_train/1/preRT/1_preRT_mask.nii.gz",
        "HNTSMRG24_train/1/midRT/1_midRT_T2.nii.gz",
        "HNTSMRG24_train/1/midRT/1_midRT_mask.nii.gz",
        "HNTSMRG24_train/1/midRT/1_preRT_T2_registered.nii.gz",
        "HNTSMRG24_train/1/midRT/1_preRT_mask_registered.nii.gz",
    }


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
        "from hnseg.machine import peak_gib; from hnseg.phantom.challenges.hnts_mrg import draw_patient;"
        " draw_patient(0, 0); print(peak_gib())"
    )
    assert float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout) < 1
