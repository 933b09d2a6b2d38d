"""Watcher that logs: a line each tenth of the work, or when it was silent for long."""

import logging
import time

import pytest

from hnseg.progress import watcher
from hnseg.progress.watcher import LINE_START, ProgressLog
from hnseg.progress.work_done import WorkDone
from tests.support.simulated_backend import Clock


@pytest.fixture
def lines(caplog, monkeypatch):
    """Return a function that gives the lines so far; short work has lines too."""
    monkeypatch.setattr(watcher, "_LEAST_S", 0.0)
    caplog.set_level(logging.INFO, logger="hnseg")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "hnseg.progress.watcher"]


@pytest.fixture
def clock():
    return Clock()


def run(log, clock, *, passes, pass_s):
    for done in range(passes + 1):
        log.work_done(WorkDone(done / passes, done, passes))
        clock.now_s += pass_s


def test_each_tenth_has_a_line_with_the_time_left(lines, clock):
    log = ProgressLog(clock=clock)
    with log.step("predict"):
        run(log, clock, passes=100, pass_s=1.0)
    assert len(lines()) == 10
    assert lines()[0] == "progress: 10 %, 10 of 100 tiles, about 90 s left"
    assert lines()[4] == "progress: 50 %, 50 of 100 tiles, about 50 s left"
    assert lines()[-1] == "progress: 100 %, 100 of 100 tiles"
    assert all(line.startswith(LINE_START) and line.isprintable() for line in lines())


def test_lines_of_short_work_are_no_closer_than_a_second(lines, clock, monkeypatch):
    monkeypatch.setattr(watcher, "_LEAST_S", 3600.0)
    log = ProgressLog(clock=clock)
    with log.step("predict"):
        run(log, clock, passes=100, pass_s=0.001)
    assert lines() == []


def assert_told(lines, line):
    """Wait for a line, which others may come before, and fail where it does not come within a minute."""
    until_s = time.monotonic() + 60
    while line not in lines() and time.monotonic() < until_s:
        time.sleep(0.005)
    assert line in lines()


def test_a_silent_step_is_told_by_its_name(lines, clock):
    log = ProgressLog(every_s=0.02, clock=clock)
    with log.step("prepare"):
        clock.now_s = 31.0
        assert_told(lines, "progress: prepare, 31 s so far")


def test_a_long_pass_is_told_by_what_was_done_before(lines, clock):
    log = ProgressLog(every_s=0.02, clock=clock)
    with log.step("predict"):
        log.work_done(WorkDone(0.03, 1, 30, fold=2, of_folds=5))
        assert_told(lines, "progress: 3 %, 1 of 30 tiles, fold 2 of 5")


def test_the_share_never_goes_back(lines, clock):
    log = ProgressLog(every_s=0.02, clock=clock)
    with log.step("predict"):
        log.work_done(WorkDone(0.45, 9, 20))
        log.work_done(WorkDone(0.40, 10, 25))  # a new plan has more tiles
        assert_told(lines, "progress: 45 %, 10 of 25 tiles")


def test_each_tenth_is_told_once_and_the_next_step_begins_anew(lines, clock):
    log = ProgressLog(clock=clock)
    with log.step("predict"):
        log.work_done(WorkDone(0.45, 9, 20))
        log.work_done(WorkDone(0.40, 10, 25))  # a new plan has more tiles
        log.work_done(WorkDone(0.52, 13, 25))
    with log.step("predict"):
        log.work_done(WorkDone(0.15, 3, 20))
    assert [line.split(",")[0] for line in lines()] == ["progress: 45 %", "progress: 52 %", "progress: 15 %"]
