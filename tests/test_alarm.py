import signal
import time
from contextlib import suppress

import pytest

from hnseg.alarm import alarm_after
from hnseg.errors import TimeOverError


def test_it_unwinds_the_work_when_the_time_is_over():
    began_s = time.monotonic()
    with pytest.raises(TimeOverError), alarm_after(0.05):
        time.sleep(20)
    assert 0.05 <= time.monotonic() - began_s < 10


def test_work_that_takes_any_failure_for_its_own_does_not_take_it():
    with pytest.raises(TimeOverError), alarm_after(0.05), suppress(Exception):
        time.sleep(20)


@pytest.mark.parametrize("seconds", [0, -3])
def test_with_no_time_no_work_begins(seconds):
    begun = []
    with pytest.raises(TimeOverError), alarm_after(seconds):
        begun.append(1)
    assert begun == []


@pytest.mark.parametrize("seconds", [600, 1e300, float("inf")])
def test_work_that_ends_in_time_is_left_alone_and_the_former_handler_comes_back(seconds):
    former = signal.getsignal(signal.SIGALRM)
    with alarm_after(seconds):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 500
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is former
