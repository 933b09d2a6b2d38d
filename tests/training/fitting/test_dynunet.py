import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.networks.nets.dynunet import DynUNet

from hnseg.errors import ModelError
from hnseg.imaging.channels import Channels
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.architecture import DYNUNET, build_network
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.nnunet_plans import Architecture
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import start_prediction
from hnseg_training.export import Label, export
from hnseg_training.fitting.fit import Schedule, fit, trainer_for, validate
from hnseg_training.fitting.network import DynUnetNetwork
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS, Preset
from tests.support.tolerances import assert_same_logits
from tests.training.conftest import GRID

STRIDES = ((1, 1, 1), (2, 2, 2), (2, 2, 2))
KERNELS = ((3, 3, 3),) * 3
TINY = PRESETS["dynunet"].model_copy(
    update={
        "plans_name": "tinyDynUnetPlans",
        "spacing_zyx_mm": (3.0, 2.0, 2.0),
        "patch_size_zyx": (16, 40, 40),  # larger than the tiny cases, so that one tile is all
        "network": DynUnetNetwork(features=(4, 6, 8), strides_zyx=STRIDES, kernels_zyx=KERNELS, normalisation="batch"),
    }
)
STEP = Schedule(epochs=1, iterations=1, device="cpu", threads=1)
LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms")


def architecture_of(preset: Preset) -> Architecture:
    plans = preset.applied_to({"transpose_forward": [0, 1, 2], "configurations": {"3d_fullres": {"architecture": {}}}})
    return Architecture.model_validate(plans["configurations"]["3d_fullres"]["architecture"])


@pytest.fixture(scope="module")
def work(converted):
    plan(converted, TINY, workers=1)
    fit(converted, TINY, 1, STEP)
    yield converted
    converted.plans_file(TINY.plans_name).unlink()  # other tests count the planned presets


@pytest.fixture(scope="module")
def bundle(work, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("exported") / "model"
    export(work, TINY, output, folds=[1], checkpoint="final", label=LABEL)
    return output


def test_a_step_of_nnunets_trainer_changes_every_weight_without_deep_supervision(work):
    with trainer_for(work, TINY, 1, STEP) as before:
        pass  # the same seed: the weights that the training began with
    assert before.enable_deep_supervision is False
    path = work.results(TINY.result_name) / "fold_1" / "checkpoint_final.pth"
    after = torch.load(path, weights_only=False)["network_weights"]
    names = [name for name, _ in before.network.named_parameters()]
    assert all(not torch.equal(before.network.state_dict()[name], after[name]) for name in names)


def test_nnunets_own_validation_runs_it(work):
    validate(work, TINY, 1, STEP)
    summary = work.results(TINY.result_name) / "fold_1" / "validation" / "summary.json"
    assert "foreground_mean" in json.loads(summary.read_text())


@pytest.mark.numeric
def test_the_exported_bundle_predicts_as_monais_module_does(bundle):
    """The module is built here from MONAI alone, and its only tile is normalised and cut by hand."""
    opened = open_bundle(bundle)
    module = DynUNet(3, 2, 3, KERNELS, STRIDES, STRIDES[1:], filters=(4, 6, 8), norm_name="BATCH", res_block=True)
    module.load_state_dict(dict(opened.state_dicts[0]), strict=False)  # exported once, registered under several names
    module.eval()
    rng = np.random.default_rng(0)
    array = rng.normal(100, 30, (2, *GRID.shape_zyx)).astype(np.float32)
    ensemble = load_ensemble(opened, device="cpu")
    prediction = start_prediction(ensemble, Channels(array, GRID), Deadline.never(), effort=Effort(mirroring=False))
    found = np.stack([plane.mean for plane in prediction.planes()], axis=1)

    tile = array.copy()
    tile[0] = (tile[0] - tile[0].mean()) / tile[0].std()  # the second channel is noNorm
    depth, height, width = GRID.shape_zyx
    padded = np.zeros((2, 16, 40, 40), np.float32)
    padded[:, 2 : 2 + depth, 2 : 2 + height, :] = tile
    with torch.inference_mode():
        logits = module(torch.from_numpy(padded)[None])[0].numpy()
    expected = logits[:, 2 : 2 + depth, 2 : 2 + height, :width]
    assert_same_logits(found, expected)


def test_the_preset_is_the_published_network():
    network = build_network(architecture_of(PRESETS["dynunet"]), channels=2, outputs=3, path=Path("plans.json"))
    assert [block.conv1.conv.out_channels for block in network.downsamples] == [64, 128, 256, 256]
    assert network.bottleneck.conv1.conv.out_channels == 256
    assert isinstance(network.bottleneck.norm1, torch.nn.BatchNorm3d)
    assert network(torch.zeros(1, 2, 32, 32, 32, device="meta")).shape == (1, 3, 32, 32, 32)
    configuration = PRESETS["dynunet"]
    assert configuration.patch_size_zyx == (192, 192, 192)
    assert (configuration.training.learning_rate, configuration.training.epochs) == (1e-4, 100)


def test_instance_norm_may_take_the_place_of_batch_norm():
    network = TINY.network.model_copy(update={"normalisation": "instance"})
    preset = TINY.model_copy(update={"network": network})
    built = build_network(architecture_of(preset), channels=2, outputs=3, path=Path("plans.json"))
    assert isinstance(built.bottleneck.norm1, torch.nn.InstanceNorm3d)


def test_without_monai_a_sentence_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "monai.networks.nets.dynunet", None)  # as Python does for a missing module
    with pytest.raises(ModelError, match=r"needs MONAI, but .*pip install hnseg\[dynunet\]"):
        build_network(architecture_of(TINY), channels=2, outputs=3, path=Path("plans.json"))


def test_arguments_of_another_network_are_refused():
    architecture = Architecture.model_validate(
        {"network_class_name": DYNUNET, "arch_kwargs": {"n_stages": 3}, "_kw_requires_import": []}
    )
    with pytest.raises(ModelError, match=r"can build, but it can't .*another version of hnseg"):
        build_network(architecture, channels=2, outputs=3, path=Path("plans.json"))


def test_other_code_of_this_package_is_no_network():
    architecture = Architecture.model_validate(
        {"network_class_name": f"{DYNUNET}s", "arch_kwargs": {}, "_kw_requires_import": []}
    )
    with pytest.raises(ModelError, match="must name classes of dynamic_network_architectures"):
        build_network(architecture, channels=2, outputs=3, path=Path("plans.json"))
