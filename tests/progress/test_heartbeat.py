"""Heartbeat: it speaks while nothing else does, and ends with its block."""

import threading
import time
from threading import Event

import pytest

from hnseg.progress.heartbeat import Heartbeat

PATIENCE_S = 60


def test_it_speaks_again_and_again_while_the_block_is_silent_and_then_no_more():
    told, third = [], Event()

    def tell():
        told.append(time.monotonic())
        if len(told) == 3:
            third.set()

    with Heartbeat(tell, every_s=0.01).running():
        assert third.wait(PATIENCE_S)
    count = len(told)
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}
    time.sleep(0.05)
    assert len(told) == count


def test_what_is_told_ends_the_silence():
    beat = Heartbeat(lambda: None)
    time.sleep(0.05)
    before_s = beat.quiet_s
    beat.told()
    assert beat.quiet_s < before_s


def test_an_error_in_the_block_ends_it_and_goes_on():
    with pytest.raises(ValueError, match="of the block"), Heartbeat(lambda: None).running():
        raise ValueError("of the block")
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}


def test_without_a_further_thread_the_block_runs_all_the_same(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = []
    with Heartbeat(lambda: None).running():
        done.append(1)
    assert done == [1]
