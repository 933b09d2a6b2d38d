"""`hnseg-train calibrate`: its options reach the report, and its errors are sentences."""

import json

import pytest

from containers.hnts_mrg.method import Settings
from hnseg_training.challenges.hnts_mrg.convert import Options, convert
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
    kept = json.loads((bundle / "manifest.json").read_text())["calibration"]
    assert (kept["temperatures"], kept["predicted_by"]) == (found["temperatures"], "fold")


def test_other_cases_calibrate_all_folds_together(run, make_source, bundle, tmp_path):
    unseen = convert(make_source(), tmp_path / "unseen", settings=Settings(), options=Options(seed=3))
    report, where = tmp_path / "report", ("--held-out", unseen.root, "--model", bundle)
    assert run("calibrate", "hnts_mrg", *where, "--report", report, "--voxels", "150") == (0, "")
    assert json.loads((bundle / "manifest.json").read_text())["calibration"]["predicted_by"] == "ensemble"
    assert "each predicted by all folds together" in (report / "index.html").read_text()


@pytest.mark.parametrize("cases", [(), ("--work", "a", "--held-out", "b"), ("--held-out", "b", "--folds", "0")])
def test_either_way_to_cases_must_be_named(run, bundle, tmp_path, cases):
    status, stderr = run("calibrate", "hnts_mrg", *cases, "--model", bundle, "--report", tmp_path / "report")
    assert status == 2
    assert "either --work" in stderr


def test_a_fold_that_the_bundle_lacks_is_refused(run, trained, bundle, tmp_path):
    where = ("--work", trained.root, "--model", bundle, "--report", tmp_path / "report")
    status, stderr = run("calibrate", "hnts_mrg", *where, "--folds", "1")
    assert status == 1
    assert "1 is missing" in stderr
