"""Real trainings of the preset recurrence-paper, on tiny patients with recurrences."""

import copy
import json
from pathlib import Path

import pytest
import torch
from batchgeneratorsv2.transforms.utils.remove_label import RemoveLabelTransform

from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit, trainer_for
from hnseg_training.fitting.selection.record import Selection, read_selection
from hnseg_training.fitting.structure_dice import StructureDiceLoss
from tests.support.interruption import interrupted_at
from tests.support.tiny_recurrence import TINY_PAPER

SLOW = Schedule(epochs=9, iterations=None, device="cpu", threads=1, learning_rate=1e-9)
PUBLISHED = Schedule(epochs=2, iterations=None, device="cpu", threads=1)


def folder_of(work: WorkFolder, fold: int) -> Path:
    return work.results(TINY_PAPER.result_name) / f"fold_{fold}"


def checkpoint(work: WorkFolder, fold: int, name: str) -> dict:
    return torch.load(folder_of(work, fold) / f"checkpoint_{name}.pth", weights_only=False)


def selection(work: WorkFolder, fold: int) -> Selection:
    record = read_selection(folder_of(work, fold))
    assert record is not None
    return record


def steps(state: dict) -> int:
    return int(state["optimizer_state"]["state"][0]["step"])


def test_a_training_whose_dice_never_rises_ends_after_the_patience(selected):
    record = selection(selected, 0)
    assert (record.best_epoch, record.epochs, record.ended) == (1, 3, "patience")
    assert steps(checkpoint(selected, 0, "final")) == 6  # two batches an epoch


def test_the_last_checkpoint_has_the_weights_of_the_best_epoch(selected):
    best, final = checkpoint(selected, 0, "best"), checkpoint(selected, 0, "final")
    assert (steps(best), best["current_epoch"]) == (2, 1)
    assert all(torch.equal(best["network_weights"][name], each) for name, each in final["network_weights"].items())


def test_a_training_may_end_with_its_last_epoch(selected):
    record = selection(selected, 1)
    assert (record.epochs, record.ended) == (2, "epochs")
    logged = checkpoint(selected, 1, "final")["logging"]["mean_fg_dice"]
    assert record.best_epoch == logged.index(max(logged)) + 1
    assert record.dice == pytest.approx(max(logged))


def test_the_record_has_the_dice_of_each_validation_case(selected):
    (split, *_) = json.loads((selected.preprocessed / "splits_final.json").read_text())
    record = selection(selected, 1)
    assert list(record.cases) == split["val"]
    dice = [case["recurrence"] for case in record.cases.values()]
    assert record.dice == pytest.approx(sum(dice) / 2)


def test_runs_on_the_same_split_begin_with_other_weights(runs):
    first = []
    for fold in (0, 1):
        with trainer_for(runs, TINY_PAPER, fold, SLOW) as trainer:
            first.append(trainer.network.state_dict()["conv_final.weight"])
            trained, validated = trainer.do_split()
            assert (len(trained), len(validated)) == (3, 2)
    assert not torch.equal(*first)


def test_an_interrupted_training_waits_no_longer_than_one_that_was_not(runs, selected):
    with interrupted_at("epoch 2 of 9"):
        fit(runs, TINY_PAPER, 2, SLOW)
    (folder_of(runs, 2) / "checkpoint_best.pth").unlink()  # as if it had stopped before the first one was written
    fit(runs, TINY_PAPER, 2, SLOW, resume=True)
    assert (selection(runs, 2).best_epoch, selection(runs, 2).epochs) == (1, 3)
    assert selection(selected, 0).epochs == 3
    with trainer_for(runs, TINY_PAPER, 2, SLOW) as trainer:
        trainer.load_checkpoint(str(folder_of(runs, 2) / "checkpoint_final.pth"))
        assert trainer.lr_scheduler._rule.num_bad_epochs == 2


def test_a_step_is_that_of_pytorchs_adam_on_the_dice_of_the_structure(runs):
    with trainer_for(runs, TINY_PAPER, 0, PUBLISHED) as trainer:
        network = copy.deepcopy(trainer.network)
        adam = torch.optim.Adam(network.parameters(), lr=0.1, betas=(0.9, 0.999), eps=1e-8)
        batch = next(trainer.get_dataloaders()[0])
        for _ in range(3):
            trainer.train_step(batch)
            adam.zero_grad()
            StructureDiceLoss(ignore_label=None)(network(batch["data"]), batch["target"]).backward()
            assert torch.nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None]) < 12
            adam.step()
        for ours, expected in zip(trainer.network.parameters(), network.parameters(), strict=True):
            torch.testing.assert_close(ours, expected)


def test_nothing_but_a_flip_is_done_to_a_patch_and_nothing_is_mirrored_in_inference(runs, selected):
    with trainer_for(runs, TINY_PAPER, 0, PUBLISHED) as trainer:
        loader, _ = trainer.get_dataloaders()
    flip, labels = loader.transforms.transforms
    assert (flip.allowed_axes, flip.probability) == ((2,), 0.1)  # x of (z, y, x)
    assert isinstance(labels, RemoveLabelTransform)
    assert list(loader.patch_size) == [8, 12, 12]
    assert checkpoint(selected, 0, "final")["inference_allowed_mirroring_axes"] is None
