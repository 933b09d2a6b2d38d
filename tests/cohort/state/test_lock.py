import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hnseg.cohort.state import lock
from hnseg.cohort.state.lock import cohort_lock
from hnseg.errors import InputError, OutputError


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    monkeypatch.setattr(lock, "_START_S", 0.3)


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (None, None, True),
        (None, (1, 3), True),
        ((1, 3), None, True),
        ((1, 3), (1, 3), True),
        ((1, 3), (1, 4), True),
        ((1, 3), (2, 3), False),
    ],
)
def test_only_different_shards_of_one_division_run_together(tmp_path, first, second, refused):
    with cohort_lock(tmp_path, first):
        if refused:
            with (
                pytest.raises(InputError, match=rf"another has it \(process {os.getpid()} on "),
                cohort_lock(tmp_path, second),
            ):
                pass
        else:
            with cohort_lock(tmp_path, second):
                pass
    with cohort_lock(tmp_path, second):
        pass


def test_shards_that_start_at_once_all_run(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_START_S", 5.0)
    program = (
        "import sys, time; from pathlib import Path; from hnseg.cohort.state.lock import cohort_lock\n"
        "with cohort_lock(Path(sys.argv[1]), (int(sys.argv[2]), 6)): time.sleep(1)"
    )

    def run(number):
        return subprocess.run([sys.executable, "-c", program, tmp_path, str(number)], check=False).returncode

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(run, range(1, 7))) == [0] * 6


def test_a_folder_that_can_not_be_written_is_said(tmp_path):
    with pytest.raises(OutputError, match="must be writable"), cohort_lock(tmp_path / "missing"):
        pass
