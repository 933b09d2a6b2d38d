from pathlib import Path

import pytest
import torch

from hnseg_training.fitting.checkpoints.resuming import is_whole, whole_state
from hnseg_training.fitting.fit import fit
from hnseg_training.fitting.preset import PRESETS
from tests.training.fitting.checkpoints.conftest import THREE


def cut(checkpoint: Path, *, at: float) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(len(content) * at)])


def overwritten(checkpoint: Path) -> None:
    """Set bytes of a tensor to 0, as a disk that lost its power."""
    content = bytearray(checkpoint.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(4096)
    checkpoint.write_bytes(content)


@pytest.fixture
def checkpoints(tmp_path) -> Path:
    """Return a folder with the three checkpoints of a fold, made by torch."""
    for name in ("final", "latest", "best"):
        torch.save({"network_weights": torch.rand(10_000), "current_epoch": 7}, tmp_path / f"checkpoint_{name}.pth")
    return tmp_path


@pytest.mark.parametrize("at", [0, 0.01, 0.5, 0.9, 0.999])
def test_a_checkpoint_that_was_cut_off_is_not_whole(checkpoints, at):
    assert is_whole(checkpoints / "checkpoint_latest.pth")
    cut(checkpoints / "checkpoint_latest.pth", at=at)
    assert not is_whole(checkpoints / "checkpoint_latest.pth")


def test_a_checkpoint_with_lost_blocks_is_not_whole(checkpoints):
    overwritten(checkpoints / "checkpoint_latest.pth")
    assert not is_whole(checkpoints / "checkpoint_latest.pth")


def test_the_first_whole_checkpoint_is_taken_and_others_are_named(checkpoints, caplog):
    for name, at in (("final", 0.9), ("latest", 0.1)):
        cut(checkpoints / f"checkpoint_{name}.pth", at=at)
    assert whole_state(checkpoints, "fold 1") == checkpoints / "checkpoint_best.pth"
    assert [record.getMessage() for record in caplog.records] == [
        f"fold 1: {checkpoints}/checkpoint_{name}.pth was cut off when it was saved, and is left out"
        for name in ("final", "latest")
    ]


def test_without_a_whole_checkpoint_the_training_begins_anew(checkpoints, caplog):
    for path in checkpoints.iterdir():
        cut(path, at=0.5)
    assert whole_state(checkpoints, "fold 1") is None
    assert "fold 1: no whole checkpoint is left to go on from; training from the start" in caplog.text


def test_a_training_that_ends_with_its_best_epoch_needs_that_one_whole(checkpoints):
    cut(checkpoints / "checkpoint_best.pth", at=0.5)
    assert whole_state(checkpoints, "fold 1", needs_best=True) == checkpoints / "checkpoint_final.pth"
    (checkpoints / "checkpoint_final.pth").unlink()
    assert whole_state(checkpoints, "fold 1") == checkpoints / "checkpoint_latest.pth"
    assert whole_state(checkpoints, "fold 1", needs_best=True) is None


def test_a_training_goes_on_from_the_best_checkpoint_where_the_latest_is_cut_off(interrupted, caplog):
    fold = interrupted.results(PRESETS["demo"].result_name) / "fold_1"
    best = torch.load(fold / "checkpoint_best.pth", weights_only=False)["current_epoch"]
    cut(fold / "checkpoint_latest.pth", at=0.5)
    caplog.set_level("INFO", logger="hnseg_training")
    fit(interrupted, PRESETS["demo"], 1, THREE, resume=True)
    assert "checkpoint_latest.pth was cut off when it was saved" in caplog.text
    assert f"fold 1: going on after epoch {best}, from checkpoint_best.pth" in caplog.text
    logged = torch.load(fold / "checkpoint_final.pth", weights_only=False)["logging"]["train_losses"]
    assert len(logged) == 3


def test_a_training_without_a_whole_checkpoint_is_that_of_a_new_fold(interrupted, caplog):
    fold = interrupted.results(PRESETS["demo"].result_name) / "fold_1"
    for path in fold.glob("checkpoint_*.pth"):
        cut(path, at=0.5)
    fit(interrupted, PRESETS["demo"], 1, THREE, resume=True)
    assert "fold 1: no whole checkpoint is left to go on from; training from the start" in caplog.text
    assert len(torch.load(fold / "checkpoint_final.pth", weights_only=False)["logging"]["train_losses"]) == 3
