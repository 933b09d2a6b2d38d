import json

import pytest

from hnseg_training.dataset.splits import fold_count
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import write_source as write_hecktor
from tests.support.tiny_recurrence import SETTINGS as RECURRENCE_SETTINGS
from tests.support.tiny_recurrence import write_source as write_recurrence


def test_each_challenge_has_a_command(run, source, tmp_path):
    status, _ = run("convert", "hnts_mrg", source, "--output", tmp_path, "--dataset-id", 7, "--seed", 3)
    assert status == 0
    assert (tmp_path / "nnUNet_raw" / "Dataset007_hnts_mrg" / "dataset.json").is_file()


def test_the_ablation_is_one_option(run, source, tmp_path):
    status, _ = run("convert", "hnts_mrg", source, "--output", tmp_path, "--no-gradient-channel")
    assert status == 0
    assert not list(tmp_path.rglob("*_0001.nii.gz"))


def test_all_problems_are_lines_on_stderr_and_patients_can_be_left_out(run, make_source, tmp_path, caplog):
    source = make_source()
    for name in ("5", "10"):
        (source / "HNTSMRG24_train" / name / "midRT" / f"{name}_midRT_T2.nii.gz").unlink()
    command = ("convert", "hnts_mrg", source, "--output", tmp_path / "work", "--workers", 1)
    status, stderr = run(*command)
    assert status == 1
    assert len(stderr.splitlines()) == 4
    assert stderr.splitlines()[-1] == "Mend them, or leave these patients out: --leave-out 10 --leave-out 5"
    status, _ = run(*command, "--leave-out", 10, "--leave-out", 5)
    assert status == 0
    assert fold_count(WorkFolder.open(tmp_path / "work", challenge="hnts_mrg")) == 3
    assert caplog.messages[-1] == "converted 3 patients, 3 folds; 2 left out"
    status, stderr = run(*command, "--leave-out", 99)
    assert (status, "holds Dataset504_hnts_mrg already" in stderr) == (1, True)


def test_hecktors_options_reach_its_conversion(run, tmp_path):
    source = write_hecktor(tmp_path / "source", "2022")
    options = ("--settings", "winner", "--no-pet-channel", "--leave-one-centre-out", "--workers", 1)
    status, _ = run("convert", "hecktor", source, "--output", tmp_path / "work", *options)
    assert status == 0
    work = WorkFolder.open(tmp_path / "work", challenge="hecktor")
    assert fold_count(work) == 2
    method = json.loads((work.raw / "method.json").read_text())
    assert (method["crop"], method["pet_channel"]) == ("head_neck", False)


@pytest.mark.parametrize(
    ("split", "folds"),
    [(["3:1:1"], 1), (["3:1:1", "--runs", 4], 4), (["nested:2/2:2"], 2)],
    ids=["split", "runs", "nested"],
)
def test_recurrences_options_reach_its_conversion(run, tmp_path, split, folds):
    source = write_recurrence(tmp_path / "source")
    (tmp_path / "small.json").write_text(RECURRENCE_SETTINGS.model_dump_json())
    options = ("--settings", tmp_path / "small.json", "--workers", 1, "--split", *split)
    status, _ = run("convert", "recurrence", source, "--output", tmp_path / "work", *options)
    assert status == 0
    work = WorkFolder.open(tmp_path / "work", challenge="recurrence")
    assert fold_count(work) == folds
    assert json.loads((work.raw / "method.json").read_text())["crop_size_xyz"] == [10, 12, 8]


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--split", "6:2", "A split must be three whole"),
        ("--split", "nested:6/5", "A nested split must be a part of two or more"),
        ("--settings", "gtv", "The settings must have the rule network"),
    ],
)
def test_options_that_recurrences_cant_have_are_refused(run, tmp_path, option, value, sentence):
    status, stderr = run("convert", "recurrence", tmp_path, "--output", tmp_path / "work", option, value)
    assert status == 1
    assert stderr.startswith(sentence)


def test_another_challenge_is_a_usage_error(run, tmp_path):
    status, stderr = run("convert", "no_such_challenge", tmp_path)
    assert status == 2
    assert "No such command 'no_such_challenge'" in stderr


@pytest.mark.parametrize("challenge", ["hnts_mrg", "han_seg", "hecktor", "recurrence"])
@pytest.mark.parametrize(("option", "value"), [("--seed", "-1"), ("--seed", "nan"), ("--dataset-id", "7.5")])
def test_a_number_that_can_t_be_is_a_usage_error(run, tmp_path, challenge, option, value):
    status, stderr = run("convert", challenge, tmp_path, "--output", tmp_path / "work", option, value)
    assert status == 2
    assert f"Invalid value for '{option}'" in stderr


@pytest.mark.parametrize("challenge", ["hnts_mrg", "han_seg", "hecktor", "recurrence"])
@pytest.mark.parametrize("settings", ["", "papr", "a\0b", "/", __file__])
def test_settings_that_are_none_are_refused_with_one_sentence(run, tmp_path, challenge, settings):
    status, stderr = run("convert", challenge, tmp_path, "--output", tmp_path / "work", "--settings", settings)
    assert status == 1
    assert stderr.startswith("The settings must be default")
    assert len(stderr.splitlines()) == 1
    assert not (tmp_path / "work").exists()
