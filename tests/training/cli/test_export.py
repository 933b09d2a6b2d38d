import json
import shutil

import pytest

from hnseg.inference.model.bundle import open_bundle
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.preset import PRESETS
from tests.support.tiny_recurrence import TINY_PAPER


def test_the_planned_preset_is_exported_where_none_is_named(run, trained, tmp_path):
    (tmp_path / "metrics.json").write_text('{"mean DSC": 0.5}')
    output = tmp_path / "exported" / "model"
    options = ("--folds", "0,3", "--licence", "CC0-1.0", "--metrics", tmp_path / "metrics.json")
    status, _ = run("export", "hnts_mrg", "--work", trained.root, "--output", output, *options)
    assert status == 0
    assert {path.name for path in output.parent.iterdir()} == {"model", "model.tar.gz"}
    manifest = json.loads((output / "manifest.json").read_text())
    assert (manifest["name"], manifest["licence"]) == ("hnts_mrg ensemble", "CC0-1.0")
    assert (manifest["training_data"], manifest["metrics"]) == ("HNTS-MRG 2024", {"mean DSC": 0.5})
    assert manifest["folds"] == [0, 3]
    assert list(manifest["structures"]) == ["GTVp", "GTVn"]


def test_ranges_are_left_out_on_request(run, trained, tmp_path):
    options = ("--folds", "0", "--output", tmp_path / "model", "--no-ranges")
    assert run("export", "hnts_mrg", "--work", trained.root, *options)[0] == 0
    assert "structures" not in json.loads((tmp_path / "model" / "manifest.json").read_text())


def test_the_best_of_several_runs_is_exported_with_the_dice_of_all(run, selected, tmp_path, monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny-paper", TINY_PAPER)
    shutil.copytree(selected.root, tmp_path / "work")
    work = WorkFolder.open(tmp_path / "work", challenge="recurrence")
    splits = work.preprocessed / "splits_final.json"
    splits.write_text(json.dumps(json.loads(splits.read_text())[:2]))  # the two runs that are fitted
    options = ("--folds", "best", "--output", tmp_path / "model", "--no-ranges")
    assert run("export", "recurrence", "--work", work.root, *options)[0] == 0
    dice = [
        json.loads((work.results(TINY_PAPER.result_name) / f"fold_{fold}" / "selection.json").read_text())["dice"]
        for fold in (0, 1)
    ]
    best = dice.index(max(dice))
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert manifest["folds"] == [best]
    assert manifest["mirroring_axes"] == []
    assert manifest["metrics"] == {
        f"validation DSC, run {fold}{' (chosen)' if fold == best else ''}": pytest.approx(dice[fold], abs=1e-4)
        for fold in (0, 1)
    }


def test_without_a_selection_there_is_no_best_run(run, trained, tmp_path):
    options = ("--folds", "best", "--output", tmp_path / "model")
    status, stderr = run("export", "hnts_mrg", "--work", trained.root, *options)
    assert status == 1
    assert "there is none of fold 0, 1, 2, 3, 4. Is a fold not trained, or does the preset keep the last" in stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "must be a JSON file"), ("[1]", "a number by name, but in"),
     ('{"DSC": "high"}', "DSC must be a number, found 'high'"),
     ('{"DSC": NaN}', "DSC must be a finite number, found NaN"), (None, "No such file")],
)  # fmt: skip
def test_metrics_that_are_none_are_refused(run, planned, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    options = ("--output", tmp_path / "model", "--metrics", tmp_path / "metrics.json")
    status, stderr = run("export", "hnts_mrg", "--work", planned.root, *options)
    assert status == 1
    assert sentence in stderr
    assert len(stderr.splitlines()) == 1


def test_a_result_folder_outside_a_work_folder_is_exported(run, make_model, tmp_path):
    results = make_model(folds=(0, 1))
    status, _ = run("export", "hnts_mrg", "--results", results, "--output", tmp_path / "model")
    assert status == 0
    bundle = open_bundle(tmp_path / "model")
    assert bundle.folds == (0, 1)
    assert bundle.manifest.training_data == "Dataset001_Test"
    assert bundle.structures == {}
    assert run("export", "hnts_mrg", "--results", results, "--output", tmp_path / "one", "--folds", 1)[0] == 0
    assert open_bundle(tmp_path / "one").folds == (1,)


def test_a_trainer_s_network_is_exported_as_graphs(run, make_model, tmp_path):
    trainer = ("--trainer", "nnUNetTrainer", "--output", tmp_path / "model")
    assert run("export", "hnts_mrg", "--results", make_model(folds=(0,)), *trainer)[0] == 0
    assert open_bundle(tmp_path / "model").graphs.trainer == "nnUNetTrainer"


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ((), 2, "one of --work and --results must be given"),
        (("--results", "here", "--work", "there"), 2, "one of --work and --results must be given, and not both"),
        (("--results", "here", "--folds", "best"), 1, "The best of several runs is found in a work folder"),
        (
            ("--results", "here", "--trainer-path", "here"),
            1,
            "--trainer-path says where a trainer's code is",
        ),
        (("--results", "here", "--trainer", "T", "--openvino"), 1, "Leave --openvino out."),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, status, sentence, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    found, stderr = run("export", "hnts_mrg", "--output", tmp_path / "model", *options)
    assert (found, sentence in " ".join(stderr.replace("│", " ").split())) == (status, True)
    assert not (tmp_path / "model").exists()
