import json
import logging
import sys

import pytest

from hnseg_training.cli import folds_named, main
from hnseg_training.dataset.splits import fold_count
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import write_source as write_hecktor


@pytest.fixture
def run(monkeypatch, capsys):
    """Run hnseg-train and return its status and what it wrote to stderr."""

    def run_with(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hnseg-train", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, capsys.readouterr().err

    yield run_with
    for package in ("hnseg", "hnseg_training"):
        logging.getLogger(package).setLevel(logging.NOTSET)


def test_convert_has_a_command_a_challenge(run, source, tmp_path):
    status, _ = run("convert", "hnts_mrg", source, "--output", tmp_path, "--dataset-id", 7, "--seed", 3)
    assert status == 0
    assert (tmp_path / "nnUNet_raw" / "Dataset007_hnts_mrg" / "dataset.json").is_file()


def test_the_ablation_is_one_option(run, source, tmp_path):
    status, _ = run("convert", "hnts_mrg", source, "--output", tmp_path, "--no-gradient-channel")
    assert status == 0
    assert not list(tmp_path.rglob("*_0001.nii.gz"))


def test_hecktors_options_reach_its_conversion(run, tmp_path):
    source = write_hecktor(tmp_path / "source", "2022")
    options = ("--settings", "winner", "--no-pet-channel", "--leave-one-centre-out", "--workers", 1)
    status, _ = run("convert", "hecktor", source, "--output", tmp_path / "work", *options)
    assert status == 0
    work = WorkFolder.open(tmp_path / "work", challenge="hecktor")
    assert fold_count(work) == 2
    method = json.loads((work.raw / "method.json").read_text())
    assert (method["crop"], method["pet_channel"]) == ("head_neck", False)


def test_fit_and_export_take_the_planned_preset(run, trained, tmp_path):
    assert run("fit", "hnts_mrg", "--work", trained.root, "--folds", "0,3", "--resume") == (0, "")
    status, _ = run("export", "hnts_mrg", "--work", trained.root, "--output", tmp_path / "model", "--folds", "0,3")
    assert status == 0
    assert {path.name for path in tmp_path.iterdir()} == {"model", "model.tar.gz"}


def test_what_is_refused_ends_in_one_sentence_and_status_1(run, tmp_path):
    status, stderr = run("plan", "hnts_mrg", "--work", tmp_path)
    assert status == 1
    assert stderr.strip().endswith("Was it made by hnseg-train convert hnts_mrg?")
    assert stderr.count("\n") == 1


def test_a_usage_error_is_status_2(run, tmp_path):
    assert run("plan", "hnts_mrg")[0] == 2
    assert run("convert", "no_such_challenge", tmp_path)[0] == 2


def test_folds_are_numbers_or_all():
    assert folds_named("0, 2,4", of=5) == [0, 2, 4]
    assert folds_named("all", of=5) == ["all"]


def test_left_out_every_fold_of_the_data_set_is_meant():
    assert folds_named(None, of=3) == [0, 1, 2]
    assert folds_named("7", of=8) == [7]


@pytest.mark.parametrize("text", ["5", "0,all", "", "-1"])
def test_other_folds_are_refused(run, trained, text):
    status, stderr = run("fit", "hnts_mrg", "--work", trained.root, f"--folds={text}")
    assert status == 1
    assert f"numbers from 0 to 4 with commas between them, or all; found {text!r}" in stderr


def test_a_challenge_that_asks_for_a_label_map_alone_has_no_outcomes(run, converted):
    status, stderr = run("outcomes", "hnts_mrg", "--work", converted.root)
    assert status == 1
    assert stderr.strip().endswith("more than a label map has outcomes, but hnts_mrg does not.")
