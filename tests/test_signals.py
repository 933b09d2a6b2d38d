"""Signals before, during and after a program's work, each in a process of its own."""

import signal
import subprocess
import sys

import pytest

from hnseg.signals import STOPPING, status_of

BEFORE = """
from hnseg.signals import end_on_signals
end_on_signals()
try:
    print("ready", flush=True)
    import time
    time.sleep(20)
except BaseException:
    time.sleep(20)
finally:
    time.sleep(20)
"""
DURING = """
import time
from hnseg.signals import end_on_signals, unwind_on_signals
end_on_signals()
try:
    with unwind_on_signals():
        print("ready", flush=True)
        time.sleep(20)
finally:
    print("cleaned up", flush=True)
"""
AFTER = """
import sys, time
from hnseg.signals import end_on_signals, unwind_on_signals
end_on_signals()
with unwind_on_signals():
    pass
print("ready", flush=True)
sys.stdin.readline()
raise SystemExit(7)
"""
END = """
import atexit, sys
from hnseg.signals import end_process
atexit.register(lambda: print("taken apart"))
print("the last line", end="")
sys.stderr.write("why")
end_process(3)
"""
UNTOUCHED = """
import signal
from hnseg.signals import STOPPING, unwind_on_signals
before = [signal.getsignal(number) for number in STOPPING]
with unwind_on_signals():
    pass
print([signal.getsignal(number) for number in STOPPING] == before)
"""


def signalled(program, number):
    """Return status, stdout and stderr of a program that gets a signal when it says that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        stdout, stderr = child.communicate("\n", timeout=10)
    return child.returncode, stdout, stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_before_the_work_a_signal_ends_the_process_whatever_is_being_imported(number, status):
    sentence = "The container was stopped by a signal before its work began, so there is no output.\n"
    assert signalled(BEFORE, number) == (status, "", sentence)


@pytest.mark.parametrize("number", STOPPING)
def test_during_the_work_a_signal_unwinds_it(number):
    assert signalled(DURING, number) == (status_of(number), "cleaned up\n", "")


@pytest.mark.parametrize("number", STOPPING)
def test_after_the_work_its_own_status_stands(number):
    assert signalled(AFTER, number) == (7, "", "")


def test_the_process_ends_with_its_status_and_all_that_was_written_and_is_not_taken_apart():
    done = subprocess.run([sys.executable, "-c", END], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "the last line", "why")


@pytest.mark.parametrize("to", [">&-", "> /dev/full"])
def test_the_process_ends_with_its_status_though_nobody_can_read_what_was_written(to):
    done = subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {to}', sys.executable, END], env={}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, b"why")


def test_the_handlers_of_a_program_that_only_calls_it_come_back():
    done = subprocess.run([sys.executable, "-c", UNTOUCHED], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
