import pytest
import torch

from hnseg_training.fitting.fit import trainer_for
from hnseg_training.fitting.schedule import Plateau, WarmCosine
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


def optimizer_at(rate: float) -> torch.optim.Adam:
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rate_of(optimizer: torch.optim.Adam) -> float:
    return optimizer.param_groups[0]["lr"]


def test_a_plateau_lowers_the_rate_after_the_eleventh_epoch_without_a_higher_dice():
    optimizer = optimizer_at(0.1)
    plateau = Plateau(optimizer)
    rates = []
    for epoch, dice in enumerate([0.2, 0.3, *[0.3] * 11, *[0.25] * 11]):
        plateau.step(epoch)  # nnU-Net's loop does so before an epoch
        plateau.follow(dice)
        rates.append(rate_of(optimizer))
    assert rates == pytest.approx([0.1] * 12 + [0.005] * 11 + [0.00025])


def test_a_higher_dice_begins_the_count_anew():
    optimizer = optimizer_at(0.1)
    plateau = Plateau(optimizer)
    for dice in [0.2, *[0.2] * 10, 0.21, *[0.21] * 10]:
        plateau.follow(dice)
    assert rate_of(optimizer) == 0.1


def test_a_plateau_goes_on_as_if_it_had_not_stopped():
    measured = [0.2, 0.4, *[0.3] * 13]
    whole, resumed = optimizer_at(0.1), optimizer_at(0.1)
    uninterrupted = Plateau(whole)
    for dice in measured:
        uninterrupted.follow(dice)
    resumed.param_groups[0]["lr"] = rate_of(whole)  # as the checkpoint has it
    plateau = Plateau(resumed)
    plateau.go_on_after(measured)
    assert rate_of(resumed) == pytest.approx(0.005)
    for dice in [0.3] * 9:
        plateau.follow(dice)
        uninterrupted.follow(dice)
        assert rate_of(resumed) == pytest.approx(rate_of(whole))
    assert rate_of(resumed) == pytest.approx(0.00025)
