"""Progress of a program that runs: its own lines as they come, or the seconds."""

import subprocess
import sys
from threading import Event

import pytest

from hnseg.rehearsal.running import progress_lines
from hnseg.rehearsal.running.progress_lines import ProgressLines
from hnseg.rehearsal.running.stream import StreamEnd

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(progress_lines, "_LEAST_S", 0.0)


def test_lines_of_progress_are_passed_on_and_no_others():
    told = []
    lines = ProgressLines(told.append)
    for block in (b"loaded\nprogr", b"ess: 10 %, 1 of 9 tiles\n", b"{}\nprogress: 20 %\nno progress: 1\nprogress: 3"):
        lines.add(block)
    assert told == ["10 %, 1 of 9 tiles", "20 %"]


def test_what_a_program_sends_a_terminal_is_shown_not_obeyed():
    told = []
    lines = ProgressLines(told.append)
    lines.add(b"progress: \x1b[2J\xff" + b"x" * 1000 + b"\n")
    assert "\x1b" not in told[0]
    assert len(told[0]) == 120


def test_many_lines_at_once_do_not_flood_the_terminal(monkeypatch):
    monkeypatch.setattr(progress_lines, "_LEAST_S", 3600.0)
    told = []
    ProgressLines(told.append).add(b"progress: 1 %\n" * 1000)
    assert told == ["1 %"]


def test_a_silent_program_is_told_by_its_seconds():
    told, twice = [], Event()

    def tell(line):
        told.append(line)
        if len(told) == 2:
            twice.set()

    with ProgressLines(tell, every_s=0.01).running():
        assert twice.wait(PATIENCE_S)
    assert told[0] == "running for 0 s"


def test_a_stream_passes_its_lines_on_while_the_program_runs():
    came = Event()
    stream = StreamEnd()
    stream.listener = ProgressLines(lambda _line: came.set()).add
    program = "import sys\nprint('progress: 10 %', flush=True)\nsys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=stream.writer)
    stream.close_writer()
    assert came.wait(PATIENCE_S)
    assert process.poll() is None  # it waits for the end of its input
    process.communicate()
    assert stream.end() == b"progress: 10 %\n"
