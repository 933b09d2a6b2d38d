from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from hnseg_training.dataset.augmentation import Perturbations
from hnseg_training.fitting.fit import trainer_for, validate
from hnseg_training.fitting.hardening.perturbed_channel import PerturbedChannel
from hnseg_training.fitting.stages import at_stage
from tests.training.fitting.conftest import ONCE

SHAPE = (16, 24, 24)


@pytest.fixture
def batch() -> dict:
    """Two patches with a tumour and a node each, as nnU-Net's loader gives them."""
    labels = torch.zeros((2, 1, *SHAPE), dtype=torch.int16)
    labels[:, :, 4:9, 4:9, 4:9] = 1
    labels[:, :, 4:9, 14:19, 14:19] = 2
    images = torch.randn((2, 2, *SHAPE), generator=torch.Generator().manual_seed(0))
    return {"data": images, "target": [labels, labels[..., ::2, ::2, ::2]], "keys": ["a", "b"]}


@contextmanager
def trainer_at(stage, work, preset, **prompts) -> Iterator:
    changed = preset.model_copy(update={"prompts": preset.prompts.model_copy(update=prompts)})
    with trainer_for(work, at_stage(changed, stage), 1, ONCE) as trainer:
        yield trainer


def given_to_the_network(trainer, step, batch) -> torch.Tensor:
    """Return what the network gets in the last pass of a step."""
    seen = []
    hook = trainer.network.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    step(batch)
    hook.remove()
    return seen[-1]


def test_clicks_are_drawn_behind_the_images(uiseg, tiny_uiseg, batch):
    with trainer_at("pretrain", uiseg, tiny_uiseg, active=1, left_out=0) as trainer:
        given = given_to_the_network(trainer, trainer.train_step, batch)
    assert torch.equal(given[:, :2], batch["data"])
    for structure, channel in ((1, 2), (2, 3)):
        inside = batch["target"][0][:, 0] == structure
        assert (given[:, channel][inside] == 1).any()
        assert (given[:, channel] == -1).any()  # as many negative ones
    assert batch["data"].shape[1] == 2  # the loader's batch stays as it was


def test_channels_of_clicks_are_never_perturbed(uiseg, tiny_uiseg):
    with trainer_at("pretrain", uiseg, tiny_uiseg) as trainer:
        noise = Perturbations(kinds=("noise",), probability=1)
        trainer.augmentation = trainer.augmentation.model_copy(update={"perturbations": noise})
        transforms = trainer.get_training_transforms(SHAPE, (-0.5, 0.5), None, (), do_dummy_2d_data_aug=False)
    (perturbed,) = (one for one in transforms.transforms if isinstance(one, PerturbedChannel))
    assert set(perturbed.channels) == {0, 1}  # CT and PET


@pytest.mark.parametrize(
    ("stage", "prompts"), [("automatic", {}), ("pretrain", {"active": 0}), ("interactive", {"without": 1})]
)
def test_a_patch_may_be_without_clicks(uiseg, tiny_uiseg, batch, stage, prompts):
    with trainer_at(stage, uiseg, tiny_uiseg, **prompts) as trainer:
        given = given_to_the_network(trainer, trainer.train_step, batch)
    assert given.shape == (2, 4, *SHAPE)
    assert not given[:, 2:].any()


def test_the_last_stage_clicks_on_the_errors_of_the_network_without_clicks(uiseg, tiny_uiseg, batch):
    with trainer_at("interactive", uiseg, tiny_uiseg, without=0, left_out=0) as trainer:
        with torch.no_grad():  # the network finds the tumour everywhere
            for layer in trainer.network.decoder.seg_layers:
                layer.weight.zero_()
                layer.bias.copy_(torch.tensor([0.0, 5.0, 0.0]))
        trainer.network.train()
        given = given_to_the_network(trainer, trainer.train_step, batch)
        assert trainer.network.training
    assert (given[:, 2] == -1).any()
    assert not (given[:, 2] == 1).any()  # no tumour is missing
    node = batch["target"][0][:, 0] == 2
    assert (given[:, 3][node] == 1).any()
    assert not (given[:, 3] == -1).any()  # no node is too much


def test_a_validation_draws_the_same_clicks_each_time(uiseg, tiny_uiseg, batch):
    given = []
    with trainer_at("pretrain", uiseg, tiny_uiseg, active=1) as trainer:
        for _ in range(2):
            trainer.on_validation_epoch_start()
            given.append(given_to_the_network(trainer, trainer.validation_step, batch))
        given.append(given_to_the_network(trainer, trainer.validation_step, batch))
    assert given[0][:, 2:].any()
    assert torch.equal(given[0], given[1])
    assert not torch.equal(given[0], given[2])  # the second batch of an epoch has others


def test_two_channels_a_structure_keep_positive_and_negative_apart(uiseg, tiny_uiseg, batch):
    encoding = tiny_uiseg.prompts.encoding.model_copy(update={"sign": "separate"})
    with trainer_at("pretrain", uiseg, tiny_uiseg, encoding=encoding, active=1, left_out=0) as trainer:
        given = given_to_the_network(trainer, trainer.train_step, batch)
    assert given.shape[1] == 6
    assert set(np.unique(given[:, 2:].numpy())) == {0, 1}


def test_nnunets_own_validation_runs_without_clicks(staged, tiny_uiseg):
    training = at_stage(tiny_uiseg, "interactive")
    validate(staged, training, 0, ONCE)
    assert (staged.results(training.result_name) / "fold_0" / "validation" / "summary.json").is_file()
