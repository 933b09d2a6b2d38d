import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.batch import judge_batch
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.profile_file import read_profile
from hnseg.rehearsal.rehearse import rehearse
from tests.support.small_rehearsal import copying_runner, no_progress

# Three cases of 20 s each.
JOB = profile_of(SPEC.limits, files=read_profile("batch"), time_limit_s=20).of_job(3)


@pytest.fixture
def results_of(small_request):
    """Results of cases that took these times; one of None seconds failed."""
    (passed,) = rehearse(small_request, copying_runner(), no_progress).cases
    failed = {"passed": False, "platform_says": "It went wrong.", "time_s": 1.0}

    def make(*times_s):
        return [
            passed.model_copy(update={"name": f"case_{i}", **(failed if time_s is None else {"time_s": time_s})})
            for i, time_s in enumerate(times_s)
        ]

    return make


def test_a_case_may_take_what_the_others_leave(results_of):
    results = results_of(5.0, 50.0, 5.0)
    assert judge_batch(results, JOB) == results


def test_cases_that_take_longer_together_fail_all_from_the_one_at_which_the_time_ended(results_of):
    judged = judge_batch(results_of(15.0, 40.0, 10.0), JOB)
    assert [case.passed for case in judged] == [False, False, False]
    assert judged[2].platform_says == "Time limit exceeded"
    assert judged[2].findings[-1].explanation == (
        "The cases of the batch may take 60 s together, and with this one they took 65.0 s."
    )
    assert judged[0].platform_says == "In a batch a failed case fails all others, and case_2 failed."


def test_one_failed_case_fails_all_and_keeps_its_own_sentence(results_of):
    judged = judge_batch(results_of(5.0, None, 5.0), JOB)
    assert [case.platform_says for case in judged] == [
        "In a batch a failed case fails all others, and case_1 failed.",
        "It went wrong.",
        "In a batch a failed case fails all others, and case_1 failed.",
    ]
