"""A training whose process the kernel kills in the middle of writing a checkpoint."""

import signal
import subprocess
import sys

import torch

from hnseg_training.fitting.fit import fit
from hnseg_training.fitting.preset import PRESETS
from tests.training.fitting.checkpoints.conftest import THREE

# Goes on with fold 1, and is killed by the kernel as soon as a file grows beyond a number of bytes.
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
fit(work, PRESETS["demo"], 1, Schedule(epochs=4, iterations=1, device="cpu", threads=1), resume=True)
"""


def test_a_process_that_is_killed_while_it_saves_leaves_the_checkpoint_before(interrupted, caplog):
    fold = interrupted.results(PRESETS["demo"].result_name) / "fold_1"
    latest = fold / "checkpoint_latest.pth"
    before = latest.read_bytes()
    command = [sys.executable, "-c", KILLED, str(interrupted.root), str(len(before) // 2)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    (unfinished,) = fold.glob(".checkpoint_*")
    assert unfinished.stat().st_size == len(before) // 2
    assert latest.read_bytes() == before
    caplog.set_level("INFO", logger="hnseg_training")
    fit(interrupted, PRESETS["demo"], 1, THREE, resume=True)
    assert "fold 1: going on after epoch 2, from checkpoint_latest.pth" in caplog.text
    assert torch.load(fold / "checkpoint_final.pth", weights_only=False)["current_epoch"] == 3
    assert not list(fold.glob(".checkpoint_*"))
