"""3-D U-Net of the recurrence presets: a step of nnU-Net's trainer, and its bundle."""

import numpy as np
import pytest
import torch

from hnseg.imaging.channels import Channels
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import start_prediction
from hnseg_training.export import Label, export
from hnseg_training.fitting.fit import Schedule, fit, trainer_for
from hnseg_training.fitting.network import Unet3dNetwork
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS
from tests.training.conftest import GRID

TINY = PRESETS["recurrence"].model_copy(
    update={
        "plans_name": "tinyUnet3dPlans",
        "spacing_zyx_mm": (3.0, 2.0, 2.0),
        "patch_size_zyx": (12, 24, 24),
        "network": Unet3dNetwork(features=(4, 6, 8), strides_zyx=((1, 1, 1), (1, 2, 2), (2, 2, 2))),
    }
)
STEP = Schedule(epochs=1, iterations=1, device="cpu", threads=1)
LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms")


@pytest.fixture(scope="module")
def work(converted):
    plan(converted, TINY, workers=1)
    fit(converted, TINY, 1, STEP)
    yield converted
    converted.plans_file(TINY.plans_name).unlink()  # other tests count the planned presets


def test_a_step_of_nnunets_trainer_changes_every_weight_that_is_called(work):
    with trainer_for(work, TINY, 1, STEP) as before:
        pass  # the same seed: the weights that the training began with
    assert before.enable_deep_supervision is False
    biases = [each for name, each in before.network.named_parameters() if name.endswith("bias")]
    assert not any(bias.any() for bias in biases)  # as the network's own start has them
    path = work.results(TINY.result_name) / "fold_1" / "checkpoint_final.pth"
    after = torch.load(path, weights_only=False)["network_weights"]
    still = {name for name, each in before.network.state_dict().items() if torch.equal(each, after[name])}
    assert still == {f"up_blocks.{at}.conv0.{kind}" for at in (0, 1) for kind in ("weight", "bias")}


def test_the_exported_bundle_gives_a_label_map_of_the_trained_network(work, tmp_path):
    export(work, TINY, tmp_path / "model", folds=[1], checkpoint="final", label=LABEL)
    ensemble = load_ensemble(open_bundle(tmp_path / "model"), device="cpu")
    array = np.random.default_rng(0).normal(100, 30, (2, *GRID.shape_zyx)).astype(np.float32)
    prediction = start_prediction(ensemble, Channels(array, GRID), Deadline.never(), effort=Effort(mirroring=False))
    logits = np.stack([plane.mean for plane in prediction.planes()], axis=1)
    assert sorted(logits.shape) == sorted((3, *GRID.shape_zyx))  # planes are numbered along the network's first axis
    assert not logits[0].any()
    assert logits[1].any()
    assert logits[2].any()
