"""Bar on a terminal, a real one: pseudoterminals of the kernel; and lines of the log elsewhere."""

import io
import logging
import os
import pty
import re
import subprocess
import sys

import pytest

from hnseg.progress.bar import shown_progress
from hnseg.progress.watcher import ProgressLog

PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[logging.StreamHandler(sys.stdout)])
from hnseg.progress.bar import shown_progress
from hnseg.progress.work_done import WorkDone
with shown_progress() as progress:
    with progress.step("predict"):
        progress.work_done(WorkDone(0.4, 4, 10, fold=2, of_folds=5))
        logging.info("a note [not markup] " + "x" * 300)
        print("a line", "of stdout")
        progress.work_done(WorkDone(1.0, 10, 10))
print("afterwards")
"""


def test_off_a_terminal_it_is_a_log(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with shown_progress() as progress:
        assert isinstance(progress, ProgressLog)


@pytest.fixture
def on_terminal():
    """Return a function that runs the program with stderr, and perhaps stdout, on a terminal of 80 columns."""

    def run(*, stdout_too: bool) -> tuple[str, str]:
        own, other = pty.openpty()
        environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdout=other if stdout_too else subprocess.PIPE,
            stderr=other,
            env=environment,
        )
        os.close(other)
        shown = b""
        while True:
            try:
                block = os.read(own, 1 << 16)
            except OSError:  # EIO: the program has closed it
                break
            if not block:
                break
            shown += block
        os.close(own)
        stdout = (process.communicate()[0] or b"").decode()
        assert process.returncode == 0
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()), stdout

    return run


def test_log_and_prints_come_whole_above_the_bar(on_terminal):
    shown, _ = on_terminal(stdout_too=True)
    assert "a note [not markup] " + "x" * 300 in shown
    assert "a line of stdout" in shown
    assert "100%" in shown
    assert "predict" in shown
    assert shown.rstrip().endswith("afterwards")


def test_where_stdout_is_no_terminal_it_has_no_bar(on_terminal):
    shown, stdout = on_terminal(stdout_too=False)
    assert stdout == "a note [not markup] " + "x" * 300 + "\na line of stdout\nafterwards\n"
    assert "predict" in shown
    assert "a note" not in shown


def test_handlers_have_their_stream_back():
    root, stream = logging.getLogger(), sys.stderr
    handler = logging.StreamHandler(stream)
    root.addHandler(handler)
    with shown_progress():
        pass
    root.removeHandler(handler)
    assert handler.stream is stream
