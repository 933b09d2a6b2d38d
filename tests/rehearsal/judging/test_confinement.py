import pytest

from hnseg.rehearsal.judging.confinement import judge_confinement, may_be_confinement
from hnseg.rehearsal.rehearse import rehearse
from tests.support.small_rehearsal import copying_runner, no_progress

ROOT = "root file system: writable there, read-only here"
MODEL = "/opt/ml/model: writable for everyone (0777) there, read-only here"
THREADS = "processes and threads: no limit seen there, at most 512 here"
PRIVILEGES = "privileges: no restriction seen there, no capabilities, no-new-privileges here"


@pytest.fixture
def result_of(small_request):
    """The result of a case that passed, or of one that failed with these lines on stderr."""

    def run(stderr="", **facts):
        runner = copying_runner(exit_code=1 if stderr else 0, stderr=stderr, **facts)
        return rehearse(small_request, runner, no_progress).cases[0]

    return run


@pytest.mark.parametrize(
    ("stderr", "rule"),
    [
        ("OSError: [Errno 30] Read-only file system: '/opt/app/cache'", ROOT),
        ("OSError: [Errno 30] Read-only file system: '/opt/ml/model/x'", MODEL),
        ("RuntimeError: can't start new thread", THREADS),
        ("sudo: effective uid is not 0, is setuid set?", PRIVILEGES),
        ("It went wrong.", "; ".join((ROOT, MODEL, THREADS, PRIVILEGES))),
    ],
)
def test_a_case_that_only_the_stricter_rules_fail_passes_and_is_warned_of_the_likely_rule(
    result_of, small_request, stderr, rule
):
    judged = judge_confinement(result_of(stderr), result_of(), small_request.profile)
    (finding,) = judged.findings
    assert (judged.passed, judged.platform_says, finding.severity) == (True, "", "warning")
    assert finding.explanation == (
        f"It passes on the platform, and failed here under stricter rules ({rule}): {stderr}"
    )


def test_a_case_that_fails_under_both_has_the_platforms_sentence(result_of, small_request):
    again = result_of("It is the program's own fault.")
    assert judge_confinement(result_of("Read-only file system"), again, small_request.profile) == again


@pytest.mark.parametrize(
    ("facts", "may_be"),
    [({}, True), ({"timed_out": True}, False), ({"memory_killed": True}, False)],
    ids=["failed", "out of time", "out of memory"],
)
def test_a_case_out_of_time_or_memory_does_not_run_again(result_of, facts, may_be):
    assert may_be_confinement(result_of("It went wrong.", **facts)) == may_be
    assert not may_be_confinement(result_of())


@pytest.mark.parametrize(
    ("stderr", "may_be"),
    [
        ("BlockingIOError: [Errno 11] Resource temporarily unavailable", False),
        ("libgomp: Thread creation failed: Resource temporarily unavailable", True),
    ],
    ids=["processes", "threads"],
)
def test_what_may_be_a_fork_bomb_does_not_run_again(result_of, stderr, may_be):
    assert may_be_confinement(result_of(stderr)) == may_be
