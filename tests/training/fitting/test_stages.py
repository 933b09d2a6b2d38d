import dataclasses
import json

import pytest
import torch

from hnseg.errors import InputError
from hnseg.inference.model.bundle import open_bundle
from hnseg_training.export import Label, export
from hnseg_training.fitting.fit import fit
from hnseg_training.fitting.preset import PRESETS, Preset
from hnseg_training.fitting.stages import at_stage, checkpoint_of, in_stages, last_trained, start_of
from tests.training.fitting.conftest import ONCE

LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="boxes")


def test_a_stage_is_the_presets_with_a_training_of_its_own():
    staged = at_stage(PRESETS["hn-uiseg"], "interactive")
    assert staged.training == staged.stages["interactive"]
    assert [each.stage for each in in_stages(PRESETS["hn-uiseg"], None)] == [
        "pretrain",
        "automatic",
        "interactive",
    ]
    assert in_stages(PRESETS["demo-hecktor"], None) == [PRESETS["demo-hecktor"]]


def test_a_stage_of_a_preset_without_stages_is_refused():
    with pytest.raises(InputError, match=r"has the stage pretrain, but that of the plans nnUNetPlans has none"):
        in_stages(PRESETS["default"], "pretrain")


def test_each_stage_goes_on_from_the_one_before(staged, tiny_uiseg):
    first, second, last = in_stages(tiny_uiseg, None)
    assert start_of(staged, first, 0) is None
    assert start_of(staged, second, 0) == checkpoint_of(staged, first, 0)
    assert start_of(staged, last, 0) == checkpoint_of(staged, second, 0)
    assert start_of(staged, PRESETS["default"], 0) is None


def test_it_has_the_weights_of_the_one_before(staged, tiny_uiseg):
    """A training with next to no learning rate ends where it began."""
    training = at_stage(tiny_uiseg, "automatic").model_copy(update={"plans_name": "frozenPlans"})
    before = checkpoint_of(staged, at_stage(tiny_uiseg, "pretrain"), 0)
    staged.plans_file("frozenPlans").write_text(staged.plans_file(tiny_uiseg.plans_name).read_text())
    try:
        fit(staged, training, 2, dataclasses.replace(ONCE, learning_rate=1e-12, start_from=before))
    finally:
        staged.plans_file("frozenPlans").unlink()
    weights, onwards = (
        torch.load(path, weights_only=False)["network_weights"] for path in (before, checkpoint_of(staged, training, 2))
    )
    for name, tensor in weights.items():
        torch.testing.assert_close(onwards[name], tensor, rtol=0, atol=1e-6)


def test_a_stage_without_the_one_before_is_refused(staged, tiny_uiseg):
    with pytest.raises(
        InputError, match=r"must go on from the weights of the stage pretrain, but .*fold_3.* is missing"
    ):
        fit(staged, at_stage(tiny_uiseg, "automatic"), 3, ONCE)


def test_the_last_stage_that_is_trained_in_every_fold_is_exported(staged, tiny_uiseg):
    assert last_trained(staged, tiny_uiseg, [0]).stage == "interactive"
    assert last_trained(staged, tiny_uiseg, [0, 3]).stage == "pretrain"  # where none is, for the sentence of the export
    assert last_trained(staged, PRESETS["default"], [0]) == PRESETS["default"]


def test_the_settings_of_a_training_are_kept_beside_it(staged, tiny_uiseg):
    training = at_stage(tiny_uiseg, "interactive")
    content = json.loads((staged.results(training.result_name) / "preset.json").read_text())
    assert Preset.model_validate(content) == training


def test_the_bundle_takes_two_images_and_says_how_clicks_are_drawn(staged, tiny_uiseg, tmp_path):
    training = at_stage(tiny_uiseg, "interactive")
    export(staged, training, tmp_path / "model", folds=[0], checkpoint="final", label=LABEL, openvino=True)
    for folder in (tmp_path / "model", staged.results(training.result_name)):
        bundle = open_bundle(folder)
        assert bundle.image_channels == ("CT", "noNorm")
        assert bundle.channels == ("CT", "noNorm", "GTVp clicks", "GTVn clicks")
        assert bundle.dataset.prompts == tiny_uiseg.prompts.encoding
