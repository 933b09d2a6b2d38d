"""Run within its time; what the container does with it is in `test_entrypoint`."""

import math
import signal
import time
from contextlib import suppress

import pytest

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import SPEC
from hnseg.errors import DeadlineError, TimeOverError
from hnseg.imaging.files.reading import read_grid
from hnseg.inference.planning.deadline import Deadline
from hnseg.platform.challenge import Challenge
from hnseg.platform.writing import write_empty
from hnseg.provenance import Provenance
from hnseg.timed_run import alarm_after, run_in_time
from tests.support.small_case import files_below, write_small_case

CHALLENGE = Challenge(SPEC, method)


def timed(load, tmp_path, limit_s):
    provenance = Provenance()
    output_dir = tmp_path / "output"
    output_dir.mkdir(exist_ok=True)
    run_in_time(
        CHALLENGE,
        load,
        inputs=tmp_path / "input",
        output_dir=output_dir,
        deadline=Deadline(limit_s, time.monotonic()),
        skip="none",
        provenance=provenance,
    )
    return provenance


def test_the_loading_counts_as_the_cases_time(tmp_path):
    with pytest.raises(DeadlineError, match="over before there was a label map"):
        timed(lambda: time.sleep(30), tmp_path, 0.6)


def test_an_output_that_is_there_when_the_time_is_over_is_the_cases(tmp_path):
    input_dir = write_small_case(tmp_path / "input")

    def load():
        grid = read_grid(next(input_dir.glob("images/mid*/*.mha")), title="T2w")
        write_empty(SPEC, grid, tmp_path / "output")
        time.sleep(30)

    assert "The output is the label map that was written before 2 s were over" in timed(load, tmp_path, 2).as_json()


def test_without_a_limit_the_case_ends_by_itself(tmp_path, model_dir):
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    write_small_case(tmp_path / "input")
    timed(lambda: load_ensemble(open_bundle(model_dir), device="cpu"), tmp_path, math.inf)
    assert files_below(tmp_path / "output")


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
