import json
import logging
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.recurrence.channels import recurrence_channels
from containers.recurrence.settings import Settings
from hnseg.errors import InputError, OutputError
from hnseg.imaging.geometry import Grid, array_of
from hnseg_training.challenges.recurrence.convert import Options, convert
from hnseg_training.dataset.nested_split import OuterPart
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.hardening.channels import image_channels
from tests.support.tiny_recurrence import PATIENTS, SETTINGS, write_labels, write_source


@pytest.fixture
def source(tmp_path) -> Path:
    return write_source(tmp_path / "source")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def work(untouched, tmp_path_factory) -> WorkFolder:
    return convert(untouched, tmp_path_factory.mktemp("work"), settings=SETTINGS)


def content(work: WorkFolder, name: str) -> dict:
    return json.loads((work.raw / name).read_text())


def folds(work: WorkFolder) -> list[dict]:
    return json.loads((work.preprocessed / "splits_final.json").read_text())


def samples(work: WorkFolder) -> list[str]:
    return sorted(path.name.removesuffix(".nii.gz") for path in (work.raw / "labelsTr").iterdir())


def test_the_channels_are_those_of_the_container(work, untouched):
    ct, pet, gtv = (sitk.ReadImage(str(untouched / "ben" / f"{stem}.nii.gz")) for stem in ("ct", "pet", "gtv"))
    expected = recurrence_channels(ct, pet, gtv, SETTINGS)
    for number in (0, 1):
        written = sitk.ReadImage(str(work.raw / "imagesTr" / f"ben_000{number}.nii.gz"))
        np.testing.assert_array_equal(array_of(written), expected.array[number])
        assert Grid.of(written).matches(expected.grid)
    assert content(work, "method.json") == SETTINGS.model_dump(mode="json")


def test_nnunet_takes_both_channels_as_they_are_and_none_is_perturbed(work):
    dataset = content(work, "dataset.json")
    assert dataset["channel_names"] == {"0": "noNorm", "1": "noNorm"}
    assert (dataset["labels"], dataset["numTraining"]) == ({"background": 0, "recurrence": 1}, 5)
    augmentation = content(work, "augmentation.json")
    assert augmentation == {"unmirrored_axes": [], "dropouts": [], "perturbations": None}
    # z-scores of a box have no published scale: fit --augment is refused
    measured = {number: {"min": 0.0} for number in "01"}
    names = list(dataset["channel_names"].values())
    assert image_channels(names, measured, may_be_missing=set(), spacing_zyx_mm=(2.0, 1.0, 1.0)) == {}


def test_five_folds_are_by_patient(work):
    assert [len(fold["val"]) for fold in folds(work)] == [1] * 5
    assert sorted(name for fold in folds(work) for name in fold["val"]) == list(PATIENTS) == samples(work)
    record = content(work, "conversion.json")
    assert (record["split"], record["seed"], record["test"]) == (None, 42, [])
    assert list(record["patients"]) == list(PATIENTS)


def test_of_a_split_the_test_s_patients_are_in_no_fold_and_no_file(untouched, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    work = convert(untouched, tmp_path / "work", settings=SETTINGS, options=Options(split=Shares(6, 2, 2), seed=7))
    (fold,) = folds(work)
    record = content(work, "conversion.json")
    assert (len(fold["train"]), len(fold["val"]), len(record["test"])) == (3, 1, 1)
    assert samples(work) == sorted(set(PATIENTS) - set(record["test"])) == sorted(fold["train"] + fold["val"])
    assert (record["split"], record["seed"]) == ({"train": 6, "val": 2, "test": 2}, 7)
    assert content(work, "dataset.json")["numTraining"] == 4
    assert "converted 4 patients" in caplog.text
    assert "1 folds; 1 kept for the test; " in caplog.text


def test_runs_are_folds_with_the_same_split(untouched, tmp_path):
    once = convert(untouched, tmp_path / "once", settings=SETTINGS, options=Options(split=Shares(6, 2, 2)))
    work = convert(untouched, tmp_path / "work", settings=SETTINGS, options=Options(split=Shares(6, 2, 2), runs=5))
    assert folds(work) == folds(once) * 5
    assert (content(once, "conversion.json")["runs"], content(work, "conversion.json")["runs"]) == (1, 5)


@pytest.mark.parametrize("split", [None, OuterPart(1, 2, folds=2)])
def test_runs_without_a_single_split_are_refused(untouched, tmp_path, split):
    with pytest.raises(InputError, match=r"same single split, but 5 were asked for without one\. Give --split too"):
        convert(untouched, tmp_path / "work", settings=SETTINGS, options=Options(split=split, runs=5))
    assert not (tmp_path / "work").exists()


def test_of_a_nested_part_its_own_patients_are_in_no_inner_fold_and_no_file(untouched, tmp_path):
    tested = []
    for part in (1, 2):
        options = Options(split=OuterPart(part, 2, folds=2), seed=7)
        work = convert(untouched, tmp_path / f"part_{part}", settings=SETTINGS, options=options)
        record = content(work, "conversion.json")
        assert (record["split"], record["seed"]) == ({"part": part, "parts": 2, "folds": 2}, 7)
        assert sorted(name for fold in folds(work) for name in fold["val"]) == samples(work)
        assert samples(work) == sorted(set(PATIENTS) - set(record["test"])) == list(record["patients"])
        tested += record["test"]
    assert sorted(tested) == list(PATIENTS)


def test_the_gtv_may_be_a_third_channel(untouched, tmp_path):
    settings = SETTINGS.model_copy(update={"gtv_channel": True})
    work = convert(untouched, tmp_path / "work", settings=settings)
    assert list(content(work, "dataset.json")["channel_names"].values()) == ["noNorm"] * 3
    written = sitk.ReadImage(str(work.raw / "imagesTr" / "ben_0002.nii.gz"))
    gtv = sitk.Resample(
        sitk.ReadImage(str(untouched / "ben" / "gtv.nii.gz")), written, sitk.Transform(), sitk.sitkNearestNeighbor
    )
    np.testing.assert_array_equal(array_of(written), array_of(gtv) > 0)
    assert content(work, "method.json")["gtv_channel"] is True


def test_several_workers_write_the_same(untouched, work, tmp_path):
    again = convert(untouched, tmp_path / "again", settings=SETTINGS, options=Options(workers=2))
    assert content(again, "conversion.json") == content(work, "conversion.json")


def test_patients_that_cant_be_learnt_from_are_refused_together(source, tmp_path):
    write_labels(source / "ben" / "gtv.nii.gz")
    write_labels(source / "dot" / "gtv.nii.gz")
    with pytest.raises(InputError, match=r"2 of 5 patients.*\n  ben: The GTV must have at.*\n  dot: The"):
        convert(source, tmp_path / "work", settings=SETTINGS)
    assert not list((tmp_path / "work").rglob("Dataset*"))


@pytest.mark.parametrize("rule", ["suvmax", "gtv"])
def test_a_rule_without_a_network_is_refused(untouched, tmp_path, rule):
    with pytest.raises(InputError, match=rf"must have the rule network .* the rule is {rule}"):
        convert(untouched, tmp_path / "work", settings=Settings(rule=rule))
    assert not (tmp_path / "work").exists()


def test_a_full_disk_leaves_no_half_of_a_data_set(untouched, tmp_path, small_files):
    with pytest.raises(OutputError, match=r"work must be writable, but writing there failed"), small_files(1_000):
        convert(untouched, tmp_path / "work", settings=SETTINGS)
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file() or "Dataset" in path.name] == []
