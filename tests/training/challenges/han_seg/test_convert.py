import json
import logging
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.method import Settings, prepare
from containers.han_seg.spec import CT, LABELS, T1
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of
from hnseg.platform.case import Case
from hnseg_training.challenges.han_seg.convert import Options, convert
from hnseg_training.challenges.han_seg.patients import ORDER
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_han_seg import GRID, ORGANS, PATIENTS, write_mask, write_source

UNREGISTERED = Settings(alignment="none")  # noise can't be registered
NO_MR = Settings(mr_channel=False)
LABEL_OF = {name: label for label, name in LABELS.items()}
ABSENT = len(LABELS) - len(ORGANS)  # organs that no patient of the tiny set has


@pytest.fixture
def source(tmp_path) -> Path:
    return write_source(tmp_path / "source")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def work(untouched, tmp_path_factory) -> WorkFolder:
    return convert(untouched, tmp_path_factory.mktemp("work"), settings=UNREGISTERED, options=Options(seed=7))


def folder_of(source: Path, patient: str) -> Path:
    return source / "HaN-Seg" / "set_1" / patient


def mask_of(source: Path, patient: str, organ: str) -> Path:
    return folder_of(source, patient) / f"{patient}_OAR_{organ}.seg.nrrd"


def label_map(work: WorkFolder, patient: str) -> np.ndarray:
    return array_of(sitk.ReadImage(str(work.raw / "labelsTr" / f"{patient}.nii.gz")))


def channel(work: WorkFolder, patient: str, number: int) -> sitk.Image:
    return sitk.ReadImage(str(work.raw / "imagesTr" / f"{patient}_{number:04d}.nii.gz"))


def content(work: WorkFolder, name: str) -> dict:
    return json.loads((work.raw / name).read_text())


def test_the_files_name_decides_the_organ(work):
    # Every header says A_Carotid_L.
    labels = label_map(work, "case_01")
    z, y, x = ORGANS["Eye_PL"]
    assert (labels[z, y, x] == LABEL_OF["Eye_PL"]).all()
    assert set(np.unique(labels)) == {0, *(LABEL_OF[name] for name in ORGANS)}


def test_small_organs_are_painted_over_large_ones_and_counted(work):
    z, y, x = ORGANS["OpticChiasm"]
    assert (label_map(work, "case_01")[z, y, x] == LABEL_OF["OpticChiasm"]).all()
    shared = 2 * 3 * 6  # the chiasm lies within the brainstem
    record = content(work, "conversion.json")
    assert record["patients"]["case_01"]["overlapping_voxels"] == {"OpticChiasm over Brainstem": shared}
    assert record["overlapping_voxels"] == {"OpticChiasm over Brainstem": shared * len(PATIENTS)}
    assert record["painted_in_order"] == list(ORDER)


def test_the_order_has_every_organ_once():
    assert sorted(ORDER) == sorted(LABELS.values())


def test_the_channels_are_those_of_the_container(work, untouched):
    ct = sitk.ReadImage(str(folder_of(untouched, "case_02") / "case_02_IMG_CT.nrrd"))
    mr = sitk.ReadImage(str(folder_of(untouched, "case_02") / "case_02_IMG_MR_T1.nrrd"))
    expected = prepare(Case({CT: ct, T1: mr}, ct, {}), UNREGISTERED)
    for number in (0, 1):
        written = channel(work, "case_02", number)
        np.testing.assert_array_equal(array_of(written), expected.array[number])
        assert Grid.of(written).matches(GRID)
    assert content(work, "method.json") == UNREGISTERED.model_dump(mode="json")


def test_the_description_turns_images_so_that_left_is_left(work):
    description = content(work, "dataset.json")
    assert description["overwrite_image_reader_writer"] == "SimpleITKIOWithReorient"
    assert description["channel_names"] == {"0": "CT", "1": "noNorm"}
    assert content(work, "augmentation.json")["unmirrored_axes"] == ["x"]


def test_without_the_mr_channel_nothing_is_dropped(source, tmp_path):
    work = convert(source, tmp_path / "work", settings=Settings(mr_channel=False))
    assert content(work, "dataset.json")["channel_names"] == {"0": "CT"}
    assert content(work, "augmentation.json")["dropouts"] == []
    assert not (work.raw / "imagesTr" / "case_01_0001.nii.gz").exists()


def test_a_missing_organ_is_recorded_and_not_learnt_as_background(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    mask_of(source, "case_03", "Eye_PL").unlink()
    work = convert(source, tmp_path / "work", settings=UNREGISTERED)
    description = content(work, "dataset.json")
    ignored = description["labels"]["ignore"]
    assert ignored == 31
    labels = label_map(work, "case_03")
    z, y, x = ORGANS["Eye_PL"]
    assert (labels[z, y, x.start + 2 : x.stop + 2] == ignored).all()  # where it lies relative to the others
    assert (labels != ignored).mean() > 0.95
    for name in ("Brainstem", "OpticChiasm", "Eye_PR"):  # known voxels are learnt wherever they lie
        z, y, x = ORGANS[name]
        assert (labels[z, y, x.start + 2 : x.stop + 2] != ignored).all()
    assert all((label_map(work, other) != ignored).all() for other in PATIENTS if other != "case_03")
    record = content(work, "conversion.json")["patients"]["case_03"]
    assert "Eye_PL" in record["missing_organs"]
    assert record["ignored_voxels"]["Eye_PL"] == (labels == ignored).sum()
    assert caplog.messages[-1].endswith("; organs without a mask in 5, no MR on the CT in none")


def test_an_empty_mask_counts_as_missing(source, tmp_path):
    write_mask(mask_of(source, "case_03", "Eye_PL"), np.zeros(GRID.shape_zyx, np.uint8))
    work = convert(source, tmp_path / "work", settings=UNREGISTERED)
    record = content(work, "conversion.json")["patients"]["case_03"]
    assert record["empty_masks"] == ["Eye_PL"]
    assert "Eye_PL" not in record["missing_organs"]
    assert record["ignored_voxels"]["Eye_PL"] > 0


def test_where_no_patient_has_an_organ_nothing_is_ignored(work):
    assert "ignore" not in content(work, "dataset.json")["labels"]
    record = content(work, "conversion.json")["patients"]["case_01"]
    assert len(record["missing_organs"]) == ABSENT
    assert not any(record["ignored_voxels"].values())


def test_a_patient_without_an_mr_is_ct_only(source, tmp_path):
    (folder_of(source, "case_04") / "case_04_IMG_MR_T1.nrrd").unlink()
    work = convert(source, tmp_path / "work", settings=UNREGISTERED)
    assert not array_of(channel(work, "case_04", 1)).any()
    assert array_of(channel(work, "case_03", 1)).any()
    assert content(work, "conversion.json")["patients"]["case_04"]["mr"] == "missing"


def test_an_mr_that_cant_be_laid_on_the_ct_is_recorded(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for patient in PATIENTS[:4]:  # one registration is enough
        (folder_of(source, patient) / f"{patient}_IMG_MR_T1.nrrd").unlink()
    work = convert(source, tmp_path / "work", settings=Settings())  # noise on noise: the gate refuses it
    assert not array_of(channel(work, "case_05", 1)).any()
    record = content(work, "conversion.json")["patients"]["case_05"]
    assert record["mr"] == [f"CT only: {record['modalities']['mr']['reason']}"]
    assert record["registration"]["status"] != "registered"
    assert caplog.messages[-1].endswith("no MR on the CT in 5")


def test_several_workers_write_the_same(untouched, work, tmp_path):
    again = convert(untouched, tmp_path / "again", settings=UNREGISTERED, options=Options(seed=7, workers=2))
    assert content(again, "conversion.json") == content(work, "conversion.json")
    assert (label_map(again, "case_05") == label_map(work, "case_05")).all()


def test_the_folds_lie_where_nnunet_looks_for_them(work):
    folds = json.loads((work.preprocessed / "splits_final.json").read_text())
    assert sorted(sample for fold in folds for sample in fold["val"]) == list(PATIENTS)


def test_a_mask_on_another_grid_is_refused(source, tmp_path):
    cropped = Grid((20, 36, 20), GRID.spacing_mm, GRID.origin_mm, GRID.direction)
    write_mask(mask_of(source, "case_02", "Eye_PR"), np.ones(cropped.shape_zyx, np.uint8), cropped)
    with pytest.raises(InputError, match=r"Eye_PR.* must lie on the grid of case_02_IMG_CT\.nrrd, but it has size"):
        convert(source, tmp_path / "work", settings=UNREGISTERED)
    assert not list((tmp_path / "work").rglob("Dataset*"))


def test_a_mask_with_several_values_is_refused(source, tmp_path):
    write_mask(mask_of(source, "case_02", "Eye_PR"), np.full(GRID.shape_zyx, 2, np.uint8))
    with pytest.raises(InputError, match=r"must hold only 0, 1 \(Eye_PR\), but .*Eye_PR.* holds 2"):
        convert(source, tmp_path / "work", settings=UNREGISTERED)


def test_one_patient_is_refused_before_anything_is_written(source, tmp_path):
    options = Options(leave_out=PATIENTS[1:])
    with pytest.raises(InputError, match="Folds need at least two patients"):
        convert(source, tmp_path / "work", settings=UNREGISTERED, options=options)
    assert not (tmp_path / "work").exists()


def test_a_conversion_that_was_stopped_at_the_end_ignores_the_same_voxels(source, tmp_path):
    mask_of(source, "case_03", "Eye_PL").unlink()
    at_once = convert(source, tmp_path / "at_once", settings=NO_MR)
    stopped = pytest.MonkeyPatch()
    stopped.setattr("hnseg_training.challenges.han_seg.convert._write_whole_set", interrupt)
    with pytest.raises(KeyboardInterrupt):
        convert(source, tmp_path / "work", settings=NO_MR)
    stopped.undo()
    work = convert(source, tmp_path / "work", settings=NO_MR)
    assert content(work, "conversion.json") == content(at_once, "conversion.json")
    assert (label_map(work, "case_03") == label_map(at_once, "case_03")).all()


def interrupt(*_, **__):
    raise KeyboardInterrupt
