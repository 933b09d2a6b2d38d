import json
import shutil

import pytest

from hnseg_training.dataset.work_folder import WorkFolder


def test_the_planned_preset_is_trained_where_none_is_named(run, trained):
    assert run("fit", "hnts_mrg", "--work", trained.root, "--folds", "0,3", "--resume") == (0, "")


@pytest.mark.parametrize("text", ["5", "0,all", "", "-1"])
def test_folds_that_do_not_exist_are_refused(run, trained, text):
    status, stderr = run("fit", "hnts_mrg", "--work", trained.root, f"--folds={text}")
    assert status == 1
    assert f"numbers from 0 to 4 with commas between them, or all; found {text!r}" in stderr


@pytest.fixture
def untrained(planned, tmp_path) -> WorkFolder:
    """Return a copy of the planned work folder without any training."""
    shutil.copytree(planned.root, tmp_path / "work", ignore=shutil.ignore_patterns("nnUNet_results"))
    return WorkFolder.open(tmp_path / "work", challenge="hnts_mrg")


def test_a_training_may_perturb_its_patches_and_then_all_folds_do(run, untrained):
    tiny = ("fit", "hnts_mrg", "--work", untrained.root, "--epochs", "1", "--iterations", "2", "--device", "cpu")
    spikes = ("--augment", "spike,noise", "--augment-probability", "1")
    assert run(*tiny, "--folds", "0", *spikes) == (0, "")
    assert run(*tiny, "--folds", "0,1", "--resume") == (0, "")
    (record,) = untrained.root.glob("nnUNet_results/*/*/augmentation.json")
    assert json.loads(record.read_text())["perturbations"] == {"kinds": ["spike", "noise"], "probability": 1.0}
    status, stderr = run(*tiny, "--folds", "2", "--augment", "blur")
    assert status == 1
    assert "must be augmented alike" in stderr


def test_a_share_of_perturbed_patches_without_kinds_is_refused(run, untrained):
    status, stderr = run("fit", "hnts_mrg", "--work", untrained.root, "--augment-probability", "0.5")
    assert status == 1
    assert "--augment was left out. Name the kinds too" in stderr
    assert not list(untrained.root.glob("nnUNet_results/*"))
