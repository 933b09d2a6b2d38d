import json
import logging
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.method import SETTINGS, Settings, prepare
from containers.hecktor.spec import CT, PET
from hnseg.errors import InputError, OutputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.platform.case import Case
from hnseg_training.challenges.hecktor.convert import Options, convert
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import (
    GRID,
    GTVN,
    ON_FINE_GRID,
    PATIENTS,
    PET_GRID,
    labels_of,
    paths_of,
    write_source,
)

DEFAULT = SETTINGS["default"]


@pytest.fixture
def source(tmp_path) -> Path:
    return write_source(tmp_path / "source")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def work(untouched, tmp_path_factory) -> WorkFolder:
    return convert(untouched, tmp_path_factory.mktemp("work"), settings=DEFAULT)


def label_map(work: WorkFolder, patient: str) -> np.ndarray:
    return array_of(sitk.ReadImage(str(work.raw / "labelsTr" / f"{patient}.nii.gz")))


def channel(work: WorkFolder, patient: str, number: int) -> sitk.Image:
    return sitk.ReadImage(str(work.raw / "imagesTr" / f"{patient}_{number:04d}.nii.gz"))


def content(work: WorkFolder, name: str) -> dict:
    return json.loads((work.raw / name).read_text())


def record(work: WorkFolder, patient: str) -> dict:
    return content(work, "conversion.json")["patients"][patient]


def folds(work: WorkFolder) -> list[dict]:
    return json.loads((work.preprocessed / "splits_final.json").read_text())


def write_pet(source: Path, patient: str, pet: np.ndarray) -> None:
    sitk.WriteImage(image_of(pet.astype(np.float32), PET_GRID), str(paths_of(source, patient)[1]))


def in_bq_per_ml(source: Path, patient: str) -> None:
    write_pet(source, patient, array_of(sitk.ReadImage(str(paths_of(source, patient)[1]))) * 5000)


def test_the_channels_are_those_of_the_container(work, untouched):
    ct_path, pet_path, _ = paths_of(untouched, "CHUM-002")
    ct, pet = sitk.ReadImage(str(ct_path)), sitk.ReadImage(str(pet_path))
    expected = prepare(Case({CT: ct, PET: pet}, ct, {}), DEFAULT)
    for number in (0, 1):
        written = channel(work, "CHUM-002", number)
        np.testing.assert_array_equal(array_of(written), expected.array[number])
        assert Grid.of(written).matches(GRID)
    assert content(work, "method.json") == DEFAULT.model_dump(mode="json")


def test_the_pet_is_scaled_as_it_is_and_dropped_from_a_quarter_of_the_patches(work):
    assert content(work, "dataset.json")["channel_names"] == {"0": "CT", "1": "noNorm"}
    assert content(work, "augmentation.json")["dropouts"] == [{"channel": 1, "whole": 0.25, "truncated": 0.0}]
    assert content(work, "augmentation.json")["unmirrored_axes"] == []  # a tumour has no side


@pytest.mark.parametrize("patient", PATIENTS)
def test_label_maps_lie_on_the_ct_also_where_theirs_is_another_grid(work, patient):
    np.testing.assert_array_equal(label_map(work, patient), labels_of(patient))


def test_the_volumes_are_recorded(work):
    voxel_ml = 8 * 8 * 5 / 1000
    expected = {"GTVp": 5 * 6 * 6 * voxel_ml, "GTVn": 4 * 4 * 4 * voxel_ml}
    assert record(work, "CHUM-001")["volumes_ml"] == pytest.approx(expected, abs=1e-3)
    assert record(work, "CHUM-001")["centre"] == "CHUM"
    assert record(work, "CHUM-001")["pet"] == "used"
    grown = (5 * 6 * 10) * voxel_ml  # the last patient's, of half as large voxels
    assert record(work, ON_FINE_GRID)["volumes_ml"]["GTVp"] == pytest.approx(grown, abs=1e-3)


def test_labels_outside_the_crop_are_counted_and_logged(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    labels = labels_of("CHUM-002")
    labels[8:12, 5:7, 4:6] = 2  # beside the shoulder, 100 mm and more from the middle
    sitk.WriteImage(image_of(labels, GRID), str(paths_of(source, "CHUM-002")[2]))
    work = convert(source, tmp_path / "work", settings=SETTINGS["winner"])
    found = record(work, "CHUM-002")
    (x, y, z), (width, height, depth) = found["crop"]["index_xyz"], found["crop"]["size_xyz"]
    inside = labels[z : z + depth, y : y + height, x : x + width]
    np.testing.assert_array_equal(label_map(work, "CHUM-002"), inside)
    lost = int((labels == 2).sum() - (inside == 2).sum())
    assert lost > 0
    assert found["lost_by_the_crop_ml"]["GTVn"] == pytest.approx(lost * 0.32, abs=1e-3)
    assert "tumours cut in 1" in caplog.text


def test_a_patient_without_a_pet_is_ct_only(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    paths_of(source, "MDA-001")[1].unlink()
    work = convert(source, tmp_path / "work", settings=DEFAULT)
    assert not array_of(channel(work, "MDA-001", 1)).any()
    assert array_of(channel(work, "MDA-002", 1)).any()
    assert record(work, "MDA-001")["pet"] == "missing"
    assert "PET missing 1, used 4" in caplog.text


def test_pets_in_other_units_are_refused_together_with_the_cure(source, tmp_path):
    in_bq_per_ml(source, "CHUM-010")
    in_bq_per_ml(source, "MDA-001")
    found = r"2 of 5 patients; nothing was.*\n  CHUM-010: .*in SUV.*bad-pet\.\n"
    with pytest.raises(InputError, match=rf"{found}(.*\n)*.*--leave-out CHUM-010 --leave-out MDA-001"):
        convert(source, tmp_path / "work", settings=DEFAULT)
    assert not list((tmp_path / "work").rglob("Dataset*"))


def test_they_may_be_left_out(source, tmp_path):
    in_bq_per_ml(source, "CHUM-010")
    write_pet(source, "MDA-001", np.zeros(PET_GRID.shape_zyx))
    work = convert(source, tmp_path / "work", settings=DEFAULT, options=Options(leave_out_bad_pet=True))
    for patient, reason in (("CHUM-010", "must be in SUV"), ("MDA-001", "must show something")):
        assert not array_of(channel(work, patient, 1)).any()
        assert record(work, patient)["pet"] == "refused"
        (note,) = record(work, patient)["notes"]
        assert note == f"CT only: {record(work, patient)['modalities']['pet']['reason']}"
        assert reason in note


def test_a_pet_of_another_place_is_recorded(source, tmp_path):
    pet = sitk.ReadImage(str(paths_of(source, "CHUM-001")[1]))
    pet.SetOrigin((2000.0, 0.0, 0.0))
    sitk.WriteImage(pet, str(paths_of(source, "CHUM-001")[1]))
    work = convert(source, tmp_path / "work", settings=DEFAULT)
    assert record(work, "CHUM-001")["pet"] == "elsewhere"


def test_a_ct_that_is_none_is_refused_whatever_the_pet(source, tmp_path):
    path = paths_of(source, "CHUM-001")[0]
    sitk.WriteImage(sitk.ReadImage(str(path)) + 1024, str(path))
    with pytest.raises(InputError, match=r"must be in Hounsfield units, .*CHUM-001__CT"):
        convert(source, tmp_path / "work", settings=DEFAULT, options=Options(leave_out_bad_pet=True))


def test_without_the_pet_channel_pets_are_not_even_read(source, tmp_path):
    in_bq_per_ml(source, "CHUM-010")
    work = convert(source, tmp_path / "work", settings=Settings(pet_channel=False))
    assert content(work, "dataset.json")["channel_names"] == {"0": "CT"}
    assert content(work, "augmentation.json")["dropouts"] == []
    assert not (work.raw / "imagesTr" / "CHUM-010_0001.nii.gz").exists()
    assert record(work, "CHUM-010")["pet"] == "not asked for"


def test_the_folds_have_patients_of_each_centre(work):
    assert sorted(sample for fold in folds(work) for sample in fold["val"]) == sorted(PATIENTS)
    assert all(len(fold["val"]) == 1 for fold in folds(work))


def test_one_centre_may_be_left_out_at_a_time(source, tmp_path):
    work = convert(source, tmp_path / "work", settings=DEFAULT, options=Options(leave_one_centre_out=True))
    assert [fold["val"] for fold in folds(work)] == [list(PATIENTS[:3]), list(PATIENTS[3:])]


def test_several_workers_write_the_same(untouched, work, tmp_path):
    again = convert(untouched, tmp_path / "again", settings=DEFAULT, options=Options(workers=2))
    assert content(again, "conversion.json") == content(work, "conversion.json")
    assert (label_map(again, ON_FINE_GRID) == label_map(work, ON_FINE_GRID)).all()


def test_a_label_map_of_another_place_is_refused(source, tmp_path):
    path = paths_of(source, "CHUM-002")[2]
    moved = sitk.ReadImage(str(path))
    moved.SetOrigin((500.0, 0.0, 0.0))
    sitk.WriteImage(moved, str(path))
    with pytest.raises(InputError, match=r"none of the .* ml of GTVp in .*CHUM-002\.nii\.gz do; it has origin"):
        convert(source, tmp_path / "work", settings=DEFAULT)


def test_an_empty_label_map_of_another_grid_is_no_reason_to_stop(source, tmp_path):
    empty = image_of(np.zeros(PET_GRID.shape_zyx, np.uint8), PET_GRID)
    sitk.WriteImage(empty, str(paths_of(source, "CHUM-002")[2]))
    work = convert(source, tmp_path / "work", settings=DEFAULT)
    assert not label_map(work, "CHUM-002").any()


def test_patients_may_be_left_out_by_name_which_is_recorded(source, tmp_path):
    in_bq_per_ml(source, "CHUM-010")
    work = convert(source, tmp_path / "work", settings=DEFAULT, options=Options(leave_out=["CHUM-010"]))
    assert content(work, "conversion.json")["left_out"] == ["CHUM-010"]
    assert list(content(work, "conversion.json")["patients"]) == [name for name in PATIENTS if name != "CHUM-010"]
    assert len(folds(work)) == 4


def test_a_label_map_with_other_values_is_refused(source, tmp_path):
    labels = labels_of("CHUM-002")
    labels[GTVN] = 3
    sitk.WriteImage(image_of(labels, GRID), str(paths_of(source, "CHUM-002")[2]))
    with pytest.raises(InputError, match=r"must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but .* holds 3"):
        convert(source, tmp_path / "work", settings=DEFAULT)


def test_a_full_disk_leaves_no_half_of_a_data_set(untouched, tmp_path, small_files):
    with pytest.raises(OutputError, match=r"work must be writable, but writing there failed"), small_files(50_000):
        convert(untouched, tmp_path / "work", settings=DEFAULT)
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file() or "Dataset" in path.name] == []
