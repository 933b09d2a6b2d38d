"""Patients of HECKTOR: one body in CT and PET, tumours with uptake, variants."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from hnseg.clinical import N_STAGES, T_STAGES
from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.body.painting import Pose
from hnseg.phantom.challenges.hecktor.patient import (
    LAYOUTS,
    VARIANTS,
    Patient,
    Variant,
    draw_grids,
    draw_patient,
)
from tests.phantom.challenges.hecktor.conftest import COARSE, coarse

SHIPPED = Path(__file__).parents[4] / "test_data" / "hecktor"
SHIPPED_SEED = 3
MASK = Path("expected") / "images" / "head-neck-tumor-segmentation" / "output.mha"


@functools.cache
def drawn(name: str) -> Patient:
    return draw_patient(SHIPPED_SEED, list(VARIANTS).index(name), variant=VARIANTS[name])


def pet_on_ct(patient: Patient) -> np.ndarray:
    return array_of(sitk.Resample(patient.pet, patient.ct, sitk.Transform(), sitk.sitkLinear, 0.0))


def heights_mm(image: sitk.Image) -> tuple[float, float]:
    corners = Grid.of(image).corners_mm()
    return float(corners[:, 2].min()), float(corners[:, 2].max())


def brain_of(patient: Patient) -> np.ndarray:
    """The soft tissue that bone surrounds in the upper slices of a CT."""
    ct = array_of(patient.ct)
    soft = (ct > 0) & (ct < 100)
    soft[: int(0.8 * len(ct))] = False
    pieces = sitk.RelabelComponent(
        sitk.ConnectedComponent(sitk.GetImageFromArray(ndimage.binary_erosion(soft).astype(np.uint8)))
    )
    return array_of(pieces) == 1


def test_same_numbers_give_the_same_voxels_and_files(tmp_path):
    first, again = (
        draw_patient(8, 2, variant=Variant(whole_body=False, scanners=COARSE)) for _ in range(2)
    )  # fmt: skip
    for one, other in ((first.ct, again.ct), (first.pet, again.pet), (first.mask, again.mask)):
        np.testing.assert_array_equal(array_of(one), array_of(other))
        assert Grid.of(one) == Grid.of(other)
    files = [
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.json")}
        | {str(file.relative_to(folder)): b"" for file in folder.rglob("*.mha")}
        for folder in (LAYOUTS["container"](p, tmp_path / n) for p, n in ((first, "a"), (again, "b")))
    ]
    assert files[0] == files[1]


def test_another_seed_or_index_is_another_patient():
    variant = Variant(whole_body=False, has_pet=False, scanners=COARSE)
    scans = [array_of(draw_patient(*pair, variant=variant).ct) for pair in ((0, 0), (0, 1), (1, 0))]
    assert len({scan.tobytes() for scan in scans}) == 3


def test_a_fixed_property_leaves_all_others_as_they_were():
    plain = coarse(1)
    without_pet = draw_patient(5, 1, variant=Variant(whole_body=False, has_pet=False, scanners=COARSE))
    assert without_pet.pet is None
    np.testing.assert_array_equal(array_of(plain.ct), array_of(without_pet.ct))
    assert (plain.ehr, plain.t_stage, plain.rfs_days) == (without_pet.ehr, without_pet.t_stage, without_pet.rfs_days)


def test_images_are_of_the_stated_kinds_on_grids_of_their_own():
    patient = drawn("ordinary")
    assert Grid.of(patient.ct) == Grid.of(patient.mask)
    assert patient.ct.GetPixelID() == sitk.sitkInt16
    assert patient.pet.GetPixelID() == sitk.sitkFloat32
    assert patient.mask.GetPixelID() == sitk.sitkUInt8
    ct, pet = Grid.of(patient.ct), Grid.of(patient.pet)
    assert pet.spacing_mm[0] > 1.5 * ct.spacing_mm[0]
    assert np.abs(np.subtract(pet.origin_mm, ct.origin_mm)).min() > 0.1


def test_pet_is_in_suv_and_hottest_in_the_brain():
    patient = drawn("no_primary")
    pet, on_ct = array_of(patient.pet), pet_on_ct(patient)
    body = array_of(patient.ct) > -300
    assert pet.min() == 0
    assert 0.3 < np.median(on_ct[body]) < 2
    assert 5 < pet.max() < 40
    brain = on_ct[brain_of(patient)].mean()
    assert 4 < brain < 14
    # The lower half shows the neck: salivary glands, tonsils and larynx take up less.
    neck, near_tumour = slice(len(on_ct) // 2), ndimage.binary_dilation(array_of(patient.mask) > 0, iterations=5)
    assert 1.5 < on_ct[neck][~near_tumour[neck]].max() < brain


def test_tumours_lie_in_soft_tissue_and_stand_out_in_the_pet():
    patient = drawn("ordinary")
    labels, ct, pet = array_of(patient.mask), array_of(patient.ct), pet_on_ct(patient)
    for label in (1, 2):
        mask = labels == label
        assert 0 < np.median(ct[mask]) < 130
        around = ndimage.binary_dilation(mask, iterations=6) & ~ndimage.binary_dilation(labels > 0, iterations=3)
        assert pet[mask].mean() > 2.5 * pet[around].mean()


def test_ct_and_pet_show_one_body_to_within_their_voxels():
    patient = drawn("ordinary")
    body = ndimage.binary_opening(array_of(patient.ct) > -400, iterations=2)
    hot = pet_on_ct(patient)
    # Where the PET shows a fair part of what muscle takes up there is the body, and hardly anywhere else.
    middle = slice(8, -8)
    seen, solid = (hot > 0.15)[middle], ndimage.binary_fill_holes(body)[middle]
    assert 2 * (seen & solid).sum() / (seen.sum() + solid.sum()) > 0.9


def test_faint_nodes_are_dim():
    # A patient whose nodes are all faint, and the same patient with none
    faint, avid = (
        draw_patient(5, 3, variant=Variant(node_count=3, primary=True, faint=f, whole_body=False, scanners=COARSE))
        for f in (1.0, 0.0)
    )
    for patient, low, high in ((faint, 0.5, 3.6), (avid, 3.0, 25)):
        assert low < pet_on_ct(patient)[array_of(patient.mask) == 2].max() < high


def test_small_nodes_are_dimmed_by_the_point_spread():
    patient = drawn("many_nodes")
    pieces, count = ndimage.label(array_of(patient.mask) == 2)
    pet = pet_on_ct(patient)
    assert count >= 5
    sizes = np.bincount(pieces.ravel())[1:]
    peaks = ndimage.maximum(pet, pieces, np.arange(1, count + 1))
    assert peaks[np.argmin(sizes)] < 0.5 * max(peaks)


def test_findings_are_those_of_the_label_map():
    for name in ("ordinary", "many_nodes", "no_primary"):
        patient = drawn(name)
        labels, voxel_ml = array_of(patient.mask), Grid.of(patient.mask).voxel_volume_mm3 / 1000
        assert patient.findings.volume_ml == pytest.approx((labels > 0).sum() * voxel_ml)
        assert (patient.findings.primary_mm > 0) == (labels == 1).any()
        # Nodes that lie side by side are one piece.
        assert ndimage.label(labels == 2)[1] <= len(patient.findings.nodes_mm) <= VARIANTS[name].node_count
        assert 2 * patient.findings.volume_ml <= patient.findings.tlg <= 24 * patient.findings.volume_ml


def test_patients_without_primary_have_nodes_and_counts_reach_far():
    variant = Variant(whole_body=False, has_pet=False, scanners=COARSE)
    patients = [draw_patient(5, index, variant=variant) for index in range(14)]
    counts = [len(patient.findings.nodes_mm) for patient in patients]
    assert min(counts) == 0
    assert max(counts) > 4
    assert all(patient.findings.volume_ml > 0 for patient in patients)
    assert {patient.t_stage for patient in patients} <= set(T_STAGES)
    assert {patient.n_stage for patient in patients} <= set(N_STAGES)
    assert len({patient.centre for patient in patients}) > 4
    assert 0 < sum(patient.relapse for patient in patients) < 14
    assert all(0 < patient.rfs_days < 7 * 366 for patient in patients)


def test_whole_body_goes_from_the_vertex_to_the_thighs():
    patient, head = drawn("whole_body"), drawn("ordinary")
    for image in (patient.ct, patient.pet):
        low, high = heights_mm(image)
        assert 800 < high - low < 950
    assert heights_mm(head.ct)[1] - heights_mm(head.ct)[0] < 320
    ct = array_of(patient.ct)
    # Lungs and, below them, a body without any
    air_within = [ndimage.binary_fill_holes(one > -300) & (one < -600) for one in ct]
    lungs = np.flatnonzero([one.sum() * np.prod(patient.ct.GetSpacing()[:2]) > 5000 for one in air_within])
    assert 0.4 * len(ct) < lungs.min() < lungs.max() < 0.8 * len(ct)
    tumour = np.flatnonzero(array_of(patient.mask).any(axis=(1, 2)))
    assert tumour.min() > lungs.max() - 3
    # The bladder is hotter than all else.
    pet = array_of(patient.pet)
    assert np.unravel_index(pet.argmax(), pet.shape)[0] < 0.6 * len(pet)


def test_one_patient_in_four_is_scanned_whole_in_voxels_still_fit_for_a_head():
    rng, pose = np.random.default_rng(0), Pose(np.eye(3), (0.0, 0.0, 0.0))
    pairs = [draw_grids(rng, pose, "small", Variant()) for _ in range(400)]
    whole = [ct.size_xyz[2] > 200 for ct, _ in pairs]
    assert np.mean(whole) == pytest.approx(0.25, abs=0.06)
    for (ct, pet), is_whole in zip(pairs, whole, strict=True):
        assert not ct.matches(pet)
        assert ct.spacing_mm[0] < 3.2
        assert ct.spacing_mm[2] < 4.2
        assert (ct.size_xyz[2] * ct.spacing_mm[2] > 850) == is_whole
        # The vertex lies at 170 mm, and all that can hold a tumour between -100 and 60 mm.
        for grid in (ct, pet):
            assert grid.origin_mm[2] < -100
            assert grid.corners_mm()[:, 2].max() > (160 if is_whole else 60)


def test_full_grids_have_the_sizes_of_the_public_data():
    rng, pose = np.random.default_rng(0), Pose(np.eye(3), (0.0, 0.0, 0.0))
    for whole, slices in ((False, range(90, 131)), (True, range(300, 301))):
        ct, pet = draw_grids(rng, pose, "full", Variant(whole_body=whole))
        assert (ct.size_xyz[:2], pet.size_xyz[:2]) == ((512, 512), (168, 168))
        assert ct.size_xyz[2] in slices
        assert pet.size_xyz[2] in slices
        assert ct.spacing_mm == (0.98, 0.98, 3.27)
        assert pet.spacing_mm == (4.07, 4.07, 3.27)


def test_variants_have_the_properties_of_their_names():
    assert set(np.unique(array_of(drawn("ordinary").mask))) == {0, 1, 2}
    assert set(np.unique(array_of(drawn("no_primary").mask))) == {0, 2}
    assert drawn("no_pet").pet is None
    assert len(drawn("many_nodes").findings.nodes_mm) >= 7
    assert [name for name in VARIANTS if drawn(name).broken_record] == ["gaps"]


@pytest.mark.parametrize("name", VARIANTS)
def test_shipped_cases_come_out_of_their_recipe(tmp_path, name):
    folder = SHIPPED / f"case_{list(VARIANTS).index(name):03d}"
    made = LAYOUTS["container"](drawn(name), tmp_path)
    files = sorted(path.relative_to(made) for path in made.rglob("*.*"))
    assert files == sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    for file in files:
        if file.suffix == ".json":
            assert (made / file).read_text() == (folder / file).read_text()
            continue
        new, old = (array_of(sitk.ReadImage(str(root / file))).astype(float) for root in (made, folder))
        # Another processor may round a voxel differently.
        assert (abs(new - old) > 1 / 64 + (new.max() > 1000)).mean() < 1e-3


def test_shipped_images_are_small():
    for case in SHIPPED.glob("case_*"):
        assert sum(path.stat().st_size for path in (case / "input").rglob("*.mha")) < 900_000


def test_small_patient_needs_little_memory():
    program = (
        "from pathlib import Path; from hnseg.phantom.challenges.hecktor.patient import Variant, draw_patient;"
        "draw_patient(0, 0, variant=Variant(whole_body=False));"
        # getrusage would give the peak of the process that started this one, where that was higher.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    peak_kib = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)
    assert peak_kib < 2**20
