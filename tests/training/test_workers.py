import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hnseg_training.workers import each


def square(number: int) -> int:
    return number * number


def process_of(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers, caplog):
    caplog.set_level(logging.INFO)
    assert list(each(square, [3, 1, 2], workers=workers, title="squaring")) == [9, 1, 4]
    assert caplog.messages[-1] == "squaring: 3 of 3 done"


def test_one_worker_is_this_process_and_several_are_others():
    assert list(each(process_of, [0], workers=1, title="asking")) == [os.getpid()]
    assert os.getpid() not in list(each(process_of, [0, 1], workers=2, title="asking"))


def wait_for_ever(_: int) -> None:
    os.write(1, b"started\n")
    threading.Event().wait()


WAITING = "from test_workers import each, wait_for_ever; list(each(wait_for_ever, [0, 1], workers=2, title='waiting'))"


def test_workers_end_with_a_parent_that_was_killed():
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", WAITING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as parent:
        assert parent.stdout is not None
        assert [parent.stdout.readline() for _ in range(2)] == [b"started\n"] * 2
        parent.kill()
        rest, _ = parent.communicate(timeout=600)  # the end of the pipe: all of its writers are gone
    assert rest == b""
