import subprocess
import sys

import pytest

from hnseg.machine import processor_numbers
from hnseg.rehearsal.running.process import can_cut_network

FIRST = str(processor_numbers()[0])


def confined(program, *, data_bytes=2**40, network="host"):
    """Run a Python program under these limits on one processor, and return its process number and its output."""
    command = [sys.executable, "-m", "hnseg.rehearsal.running.inside.confine", str(data_bytes), FIRST, network]
    with subprocess.Popen([*command, sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return process.pid, printed.strip()


def test_the_program_replaces_the_process():
    pid, printed = confined("import os; print(os.getpid())")
    assert int(printed) == pid


def test_the_limits_are_those_of_the_program_and_can_not_be_lifted():
    program = "import os, resource; print(resource.getrlimit(resource.RLIMIT_DATA), sorted(os.sched_getaffinity(0)))"
    _, printed = confined(program, data_bytes=1 << 30)
    assert printed == f"({1 << 30}, {1 << 30}) [{FIRST}]"


def test_a_lower_limit_of_the_caller_stays():
    inner = [sys.executable, "-m", "hnseg.rehearsal.running.inside.confine", str(1 << 40), FIRST, "host"]
    program = f"import os; os.execv({sys.executable!r}, [*{inner!r}, 'sh', '-c', 'ulimit -d'])"
    _, printed = confined(program, data_bytes=1 << 30)
    assert printed == str((1 << 30) // 1024)


@pytest.mark.skipif(not can_cut_network(), reason="the kernel does not let this user take the network away")
def test_without_network_there_is_only_the_loopback():
    _, printed = confined("import socket; print([name for _, name in socket.if_nameindex()])", network="none")
    assert printed == "['lo']"
