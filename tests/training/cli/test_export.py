import json

import pytest


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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "must be a JSON file"), ("[1]", "a number by name, but in"), ('{"DSC": "high"}', "DSC is none"),
     ('{"DSC": NaN}', "DSC is none"), (None, "No such file")],
)  # fmt: skip
def test_metrics_that_are_none_are_refused(run, planned, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    options = ("--output", tmp_path / "model", "--metrics", tmp_path / "metrics.json")
    status, stderr = run("export", "hnts_mrg", "--work", planned.root, *options)
    assert status == 1
    assert sentence in stderr
    assert len(stderr.splitlines()) == 1
