"""First process of a container, run here as an ordinary process."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hnseg.rehearsal.running.inside import supervisor

SOURCE = Path(supervisor.__file__).read_text(encoding="utf-8")
HELPER = "import os, time\nif os.fork() == 0:\n    os.setsid(); {closes}\n    time.sleep({seconds}); os._exit(0)\n"


def started(tmp_path, *program):
    command = [sys.executable, "-I", "-S", "-c", SOURCE, tmp_path / "held.json", *program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import os; os.abort()", 134),
    ],
)
def test_the_status_is_the_programs(tmp_path, program, status):
    done = started(tmp_path, sys.executable, "-c", program)
    done.communicate(timeout=30)
    assert done.returncode == status
    assert not (tmp_path / "held.json").exists()


def test_the_program_leads_a_session_of_its_own_and_keeps_its_streams(tmp_path):
    program = "import os, sys; print(os.getsid(0) == os.getpid()); print(sys.argv[1:], file=sys.stderr)"
    assert started(tmp_path, sys.executable, "-c", program, "a b", "").communicate(timeout=30) == (
        "True\n",
        "['a b', '']\n",
    )


@pytest.mark.parametrize(
    ("closes", "waits"), [("os.close(1)", True), ("os.close(2)", True), ("os.closerange(0, 3)", False)]
)
def test_whoever_holds_a_stream_is_waited_for_and_named(tmp_path, closes, waits):
    process = started(tmp_path, sys.executable, "-c", HELPER.format(closes=closes, seconds=5))
    began = time.monotonic()
    process.wait(timeout=60)
    assert (time.monotonic() - began > 3) == waits
    if waits:
        (line,) = json.loads((tmp_path / "held.json").read_text(encoding="utf-8"))
        assert "os.setsid()" in line
    assert process.returncode == 0


def test_sigterm_goes_to_the_whole_session_and_nobody_is_waited_for_afterwards(tmp_path):
    program = HELPER.format(closes="pass", seconds=60) + "print('ready', flush=True); time.sleep(60)"
    process = started(tmp_path, sys.executable, "-c", program)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143


@pytest.mark.parametrize(("mode", "status", "reason"), [(None, 127, "No such file"), (0o644, 126, "Permission denied")])
def test_a_program_that_can_not_be_started_is_named(tmp_path, mode, status, reason):
    path = tmp_path / "program"
    if mode:
        path.touch(mode=mode)
    done = started(tmp_path, str(path))
    assert f"supervisor: exec {path}: {reason}" in done.communicate(timeout=30)[1]
    assert done.returncode == status
