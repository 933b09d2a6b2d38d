"""Alarms, each in a process of its own: a test's own process has other libraries' threads and signal stacks."""

import subprocess
import sys

import pytest

HEAD = """
import signal, time
from contextlib import suppress
from hnseg.errors import TimeOverError
from hnseg.platform.alarm import alarm_after
"""


def run(program):
    """Run a program that says what became of it, and return its words."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_it_unwinds_the_work_when_the_time_is_over():
    (took_s,) = run(
        "began_s = time.monotonic()\n"
        "try:\n"
        "    with alarm_after(0.05): time.sleep(20)\n"
        "except TimeOverError: print(time.monotonic() - began_s)\n"
    )
    assert 0.05 <= float(took_s) < 10


def test_work_that_takes_any_failure_for_its_own_does_not_take_it():
    assert run(
        "try:\n    with alarm_after(0.05), suppress(Exception): time.sleep(20)\nexcept TimeOverError: print('over')\n"
    ) == ["over"]


@pytest.mark.parametrize("seconds", [0, -3])
def test_with_no_time_no_work_begins(seconds):
    assert run(f"try:\n    with alarm_after({seconds}): print('begun')\nexcept TimeOverError: print('over')\n") == [
        "over"
    ]


@pytest.mark.parametrize("seconds", ["600", "1e300", "float('inf')"])
def test_work_that_ends_in_time_is_left_alone_and_the_former_handler_comes_back(seconds):
    assert run(
        "former = signal.getsignal(signal.SIGALRM)\n"
        f"with alarm_after({seconds}): print(signal.getitimer(signal.ITIMER_REAL)[0] > 500)\n"
        "print(signal.getitimer(signal.ITIMER_REAL) == (0, 0), signal.getsignal(signal.SIGALRM) is former)\n"
    ) == ["True", "True", "True"]
