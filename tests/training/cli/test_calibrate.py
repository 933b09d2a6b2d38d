"""`hnseg-train calibrate`: its options reach the report, and its errors are sentences."""

import json

import pytest

from hnseg_training.export import Label, export
from hnseg_training.fitting.preset import PRESETS


@pytest.fixture
def bundle(trained, tmp_path):
    label = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms")
    export(trained, PRESETS["demo"], tmp_path / "model", folds=[0, 3], checkpoint="final", label=label)
    return tmp_path / "model"


def test_it_calibrates_the_bundle_as_asked(run, trained, bundle, tmp_path):
    report, options = tmp_path / "report", ("--band-mm", "6", "--voxels", "150", "--seed", "4", "--device", "cpu")
    assert run("calibrate", "hnts_mrg", "--work", trained.root, "--model", bundle, "--report", report, *options) == (
        0,
        "",
    )
    found = json.loads((report / "calibration.json").read_text())
    assert (found["band_mm"], found["most_voxels"], found["seed"]) == (6, 150, 4)
    assert json.loads((bundle / "manifest.json").read_text())["calibration"]["temperatures"] == found["temperatures"]


def test_a_fold_that_the_bundle_lacks_is_refused(run, trained, bundle, tmp_path):
    where = ("--work", trained.root, "--model", bundle, "--report", tmp_path / "report")
    status, stderr = run("calibrate", "hnts_mrg", *where, "--folds", "1")
    assert status == 1
    assert "1 is missing" in stderr
