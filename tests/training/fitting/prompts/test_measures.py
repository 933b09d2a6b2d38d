import json

import numpy as np
import pytest

from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.prompts.measures import false_positive_volume_ml
from hnseg_training.fitting.stages import in_stages


def test_false_positives_are_components_that_touch_nothing():
    reference, predicted = np.zeros((2, 6, 10, 10), bool)
    reference[1:4, 1:4, 1:4] = True
    predicted[3, 3, 3:8] = True  # touches the structure with one voxel of five
    predicted[5, 8, 6:9] = True
    assert false_positive_volume_ml(predicted, reference, voxel_volume_mm3=500) == 1.5
    assert false_positive_volume_ml(predicted, np.zeros_like(reference), voxel_volume_mm3=500) == 4.0
    assert false_positive_volume_ml(reference & False, reference, voxel_volume_mm3=500) == 0


@pytest.mark.parametrize("number", [0, 2])
def test_every_stage_is_measured_without_clicks_and_with_them(staged, tiny_uiseg, number):
    training = in_stages(tiny_uiseg, None)[number]
    content = json.loads((staged.results(training.result_name) / "fold_0" / "prompts.json").read_text())
    assert content["stage"] == training.stage
    assert content["cases"] == 1  # of the five, a fold holds one
    assert content["settings"]["encoding"]["structures"] == ["GTVp", "GTVn"]
    assert list(content["measures"]) == ["without clicks", "a click in each lesion", "a click in each error"]
    for structures in content["measures"].values():
        assert list(structures) == ["GTVp", "GTVn"]
        assert all(0 <= values["dsc"] <= 1 and values["false_positives_ml"] >= 0 for values in structures.values())


def test_a_training_that_stopped_before_it_was_measured_is_measured_when_resumed(staged, tiny_uiseg):
    training = in_stages(tiny_uiseg, None)[0]
    results = staged.results(training.result_name)
    files = results / "fold_0" / "prompts.json", results / "preset.json"
    before = [path.read_bytes() for path in files]
    checkpoint = (results / "fold_0" / "checkpoint_final.pth").stat().st_mtime_ns
    for path in files:
        path.unlink()
    fit(staged, training, 0, Schedule(epochs=1, iterations=1, device="cpu", threads=1), resume=True)
    assert [path.read_bytes() for path in files] == before
    assert (results / "fold_0" / "checkpoint_final.pth").stat().st_mtime_ns == checkpoint
