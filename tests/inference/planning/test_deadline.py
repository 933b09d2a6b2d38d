"""Deadline of a case, and the time kept for what is not a pass, with a clock that is moved by hand."""

import os
import subprocess
import sys
import time

import pytest

from hnseg.errors import DeadlineError
from hnseg.inference.planning.deadline import Deadline, LabelMapSize, ending_s, reserve_s
from tests.support.simulated_backend import Clock

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds to which Linux tells when a process started."""


@pytest.fixture
def clock():
    return Clock()


def test_a_deadline_counts_from_its_start(clock):
    deadline = Deadline(100, 10, clock)
    clock.now_s = 30
    assert (deadline.elapsed_s(), deadline.remaining_s()) == (20, 80)


def test_a_deadline_can_count_from_the_start_of_the_process():
    before_s = time.monotonic()
    program = (
        "import time; time.sleep(0.2);"
        "from hnseg.inference.planning.deadline import Deadline;"
        "print(Deadline.from_process_start(1000).started_s, time.monotonic())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    started_s, after_s = map(float, done.stdout.split())  # on the clock of this process
    assert before_s - TICK_S <= started_s <= after_s - 0.2 + TICK_S


def test_there_may_be_no_deadline():
    assert Deadline.never().remaining_s() == float("inf")
    assert not Deadline.never().is_limited
    Deadline.never().check("anything")


def test_time_over_is_an_error_with_a_sentence(clock):
    deadline = Deadline(100, 0, clock)
    deadline.check("nothing", keep_s=99)
    clock.now_s = 100
    with pytest.raises(
        DeadlineError, match=r"The case must end within 100 s, but they were over after 3 of 27 tiles\."
    ):
        deadline.check("3 of 27 tiles")
    clock.now_s = 90
    deadline.check("3 of 27 tiles", keep_s=9)
    with pytest.raises(DeadlineError):
        deadline.check("3 of 27 tiles", keep_s=10)


def test_the_alarm_leaves_time_to_end_and_comes_after_all_that_is_planned(clock):
    deadline = Deadline(100, 10, clock)
    assert deadline.alarm_s() == pytest.approx(110 - 0.3 - 1)  # 0.3 s to end, and a hundredth of the limit
    kept_s = reserve_s(deadline, size_of(0), planes_left=0, delivery_s=0.0)
    assert deadline.remaining_s() - deadline.alarm_s() < kept_s
    clock.now_s = 200
    assert deadline.alarm_s() < 0
    assert Deadline.never().alarm_s() == float("inf")


def size_of(voxels):
    return LabelMapSize(planes=10, cropped_voxels=voxels, voxels=voxels, outputs=31)


def test_time_is_kept_for_the_label_map_and_what_follows(clock):
    nothing, small, large = (
        reserve_s(Deadline(1200, 0, clock), size_of(voxels), planes_left=10) for voxels in (0, 10**6, 2 * 10**8)
    )
    assert nothing == pytest.approx(60.3)  # a twentieth of the limit, and to end
    assert 60.3 < small < 61
    assert large > 60 + 10  # a case of 1024 x 1024 x 202 voxels takes up to 8 s to label, and 1.3 s to write


def test_less_is_kept_for_fewer_planes_and_more_where_they_take_longer():
    deadline, size = Deadline.never(), size_of(10**8)
    labelling_s = [reserve_s(deadline, size, planes_left=planes) for planes in (10, 5, 0)]
    assert labelling_s == pytest.approx([6.2, 3.1, 0])  # 2 ns a voxel and class
    assert reserve_s(deadline, size, planes_left=5, measured_s=10) == pytest.approx(11)


def test_time_is_kept_for_a_delivery_by_the_time_it_took(clock):
    size = LabelMapSize(planes=10, cropped_voxels=10, voxels=10**8, outputs=31)
    unknown, quick, slow = (
        reserve_s(Deadline(100, 0, clock), size, planes_left=0, delivery_s=took) for took in (None, 0.5, 20.0)
    )
    assert quick < unknown < slow
    assert slow > 40


def test_ending_takes_longer_for_a_larger_image():
    assert ending_s(size_of(0)) == pytest.approx(0.3)
    assert ending_s(size_of(10**8)) == pytest.approx(1.3)


def test_ending_takes_as_long_as_it_took_where_that_is_known():
    assert ending_s(size_of(10**8), delivery_s=5) == pytest.approx(0.3 + 1.1 * 5)
