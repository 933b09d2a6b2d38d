"""Calibration of a model: temperatures in a range, for every class of the model, in the order of its outputs."""

import json

import pytest
from pydantic import ValidationError

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.calibration import Calibration

VALUES = {
    "temperatures": {"background": 1.5, "GTVn": 0.5, "GTVp": 2.0}, "cases": 3, "voxels": 100, "band_mm": 10.0,
    "ece_before": 0.1, "ece_after": 0.05,
}  # fmt: skip


def calibrated(folder, temperatures):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) | {"calibration": VALUES | {"temperatures": temperatures}}
    path.write_text(json.dumps(manifest))
    return folder


def test_temperatures_stand_in_the_order_of_the_outputs(exported):
    assert open_bundle(exported).temperatures is None
    bundle = open_bundle(calibrated(exported, VALUES["temperatures"]))
    assert bundle.dataset.output_names == ("background", "GTVp", "GTVn")
    assert bundle.temperatures == (1.5, 2.0, 0.5)


def test_a_result_folder_has_none(results):
    assert open_bundle(results).temperatures is None


def test_temperatures_of_other_classes_are_refused(exported):
    with pytest.raises(ModelError, match=r"a temperature for every class .*GTVp, GTVn\), but has those of background"):
        open_bundle(calibrated(exported, {"background": 1.0}))


@pytest.mark.parametrize("temperature", [0.0, -1.0, 11.0, float("nan")])
def test_temperatures_lie_in_a_range(temperature):
    with pytest.raises(ValidationError):
        Calibration.model_validate(VALUES | {"temperatures": {"background": temperature}})
