import math
import subprocess
import sys
import time

from hnseg.rehearsal.running.waiting import wait_for


def python(program):
    return subprocess.Popen([sys.executable, "-c", program])


def test_a_process_that_ends_is_waited_for_while_its_memory_is_sampled():
    samples = []
    process = python("import time; time.sleep(0.3)")
    assert wait_for(process, until=math.inf, sample=lambda: samples.append(process.poll()))
    assert process.returncode == 0
    assert samples
    assert set(samples) == {None}  # every sample was taken while it ran


def test_a_process_that_goes_on_is_left_as_it_is_when_the_time_is_over():
    process = python("import time; time.sleep(60)")
    try:
        assert not wait_for(process, until=time.monotonic() + 0.2, sample=lambda: None)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_process_that_has_ended_is_not_sampled():
    process = python("")
    process.wait()
    samples = []
    assert wait_for(process, until=0.0, sample=lambda: samples.append(1))
    assert samples == []
