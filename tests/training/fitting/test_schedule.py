import pytest
import torch

from hnseg_training.fitting.fit import trainer_for
from hnseg_training.fitting.schedule import WarmCosine
from tests.training.fitting.conftest import ONCE


def test_the_rate_rises_and_then_falls_as_a_cosine():
    schedule = WarmCosine(None, 1.0, epochs=6, warm_up_epochs=2)
    assert [round(schedule.share(epoch), 3) for epoch in range(6)] == [0.333, 0.667, 1.0, 0.854, 0.5, 0.146]


def test_a_training_shorter_than_the_warm_up_ends_at_the_full_rate():
    schedule = WarmCosine(None, 1.0, epochs=2, warm_up_epochs=10)
    assert [schedule.share(epoch) for epoch in range(2)] == [0.5, 1.0]


def test_a_step_sets_the_rate_of_every_group():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.AdamW([{"params": weights[:1]}, {"params": weights[1:]}], lr=1.0)
    WarmCosine(optimizer, 0.2, epochs=4, warm_up_epochs=1).step(0)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.1]


def test_a_preset_with_it_trains_by_it(uiseg, tiny_uiseg):
    training = tiny_uiseg.stages["automatic"].model_copy(update={"schedule": "cosine", "warm_up_epochs": 3})
    preset = tiny_uiseg.model_copy(update={"training": training})
    with trainer_for(uiseg, preset, 4, ONCE) as trainer:
        assert isinstance(trainer.lr_scheduler, WarmCosine)
        assert trainer.optimizer.param_groups[0]["weight_decay"] == pytest.approx(3e-5)
