import io
import time
from datetime import datetime, timezone
from functools import partial

from hnseg.cohort import progress
from hnseg.cohort.progress import log_line, watcher
from hnseg.cohort.state.status import CaseStatus, Worker
from hnseg.cohort.state.store import CaseStore
from hnseg.progress.heartbeat import Heartbeat


def ended(status="done", reason="", worker=None):
    return CaseStatus(
        case="case_000", status=status, reason=reason, seconds=1.23, worker=worker, work_sha256="w", inputs={},
        ended=datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc),
    )  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_off_a_terminal_there_is_a_line_every_tenth():
    stream = io.StringIO()
    with watcher(20, stream=stream) as watching:
        for number in range(20):
            watching.ended(ended("failed" if number == 4 else "done"))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("2 of 20 cases ended, 0 failed, about 0:00:0")
    assert lines[-1] == "20 of 20 cases ended, 1 failed"


def until(holds):
    """Wait until something holds, and fail where it does not within a minute."""
    end_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_off_a_terminal_there_is_a_line_when_it_takes_long(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(progress, "Heartbeat", partial(Heartbeat, every_s=0.01))
    with watcher(1000, stream=stream) as watching:
        until(lambda: stream.getvalue().startswith("0 of 1000 cases ended, 0 failed, 0:00:0"))
        watching.ended(ended())
        until(lambda: "1 of 1000 cases ended, 0 failed, about " in stream.getvalue())


def test_on_a_terminal_there_is_a_bar_with_the_failed():
    stream = Terminal()
    with watcher(2, stream=stream) as watching:
        watching.ended(ended())
        watching.ended(ended("failed"))
    assert "cases, 1 failed" in stream.getvalue()
    assert "2/2" in stream.getvalue()


def test_the_log_has_a_line_a_case(tmp_path):
    store = CaseStore(tmp_path)
    log_line(store, ended(worker=Worker(host="node", pid=7)))
    log_line(store, ended("failed", "The scan  must be a scan."))
    first, second = (line.split("\t") for line in (tmp_path / "cohort.log").read_text().splitlines())
    assert first[1:] == ["case_000", "done", "1.2 s", "node:7"]
    assert second[1:] == ["case_000", "failed", "1.2 s", "-", "The scan must be a scan."]
