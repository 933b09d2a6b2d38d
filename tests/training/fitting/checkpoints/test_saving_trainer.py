"""Trainings whose process the kernel kills in the middle of writing a checkpoint."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.preset import PRESETS
from tests.support.interruption import interrupted_at

DEMO = PRESETS["demo"]
FOUR = Schedule(epochs=4, iterations=1, device="cpu", threads=1)
# Goes on with fold 2, and is killed by the kernel as soon as a file grows beyond half of a checkpoint.
KILLED = """
import resource, signal, sys
from pathlib import Path
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.preset import PRESETS

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
work = WorkFolder.open(Path(sys.argv[1]), challenge="hnts_mrg")
fit(work, PRESETS["demo"], 2, Schedule(epochs=4, iterations=1, device="cpu", threads=1), resume=True)
"""


@pytest.fixture
def fold(planned) -> Path:
    """Return the folder of fold 2, trained for two epochs of four."""
    folder = planned.results(DEMO.result_name) / "fold_2"
    if not folder.is_dir():
        with interrupted_at("epoch 3 of 4"):
            fit(planned, DEMO, 2, FOUR)
    return folder


def test_a_process_that_is_killed_while_it_saves_leaves_the_checkpoint_before(planned: WorkFolder, fold: Path, caplog):
    latest = fold / "checkpoint_latest.pth"
    before = latest.read_bytes()
    command = [sys.executable, "-c", KILLED, str(planned.root), str(len(before) // 2)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    (unfinished,) = fold.glob(".checkpoint_*")
    assert unfinished.stat().st_size == len(before) // 2
    assert latest.read_bytes() == before
    caplog.set_level("INFO", logger="hnseg_training")
    fit(planned, DEMO, 2, FOUR, resume=True)
    assert "fold 2: going on after epoch 2, from checkpoint_latest.pth" in caplog.text
    assert torch.load(fold / "checkpoint_final.pth", weights_only=False)["current_epoch"] == 4
    assert not list(fold.glob(".checkpoint_*"))
