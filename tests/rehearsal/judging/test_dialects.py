from dataclasses import replace

import pytest

from hnseg.rehearsal.judging.dialects import judge_dialect
from hnseg.rehearsal.preparing.input_list import Dialect
from hnseg.rehearsal.rehearse import rehearse
from tests.support.small_rehearsal import copying_runner, no_progress


@pytest.fixture
def result_of(small_request):
    """The result of a case whose program ends with a status."""

    def run(status, folder):
        runner = copying_runner(exit_code=status, stderr="The list has no key socket.\n" if status else "")
        request = replace(small_request, keep_dir=small_request.keep_dir / folder)
        return rehearse(request, runner, no_progress).cases[0]

    return run


def test_a_case_that_fails_in_an_older_dialect_passes_with_a_warning_that_names_it(result_of):
    judged = judge_dialect(result_of(0, "a"), result_of(1, "b"), Dialect.INTERFACE)
    (finding,) = judged.findings
    assert judged.passed
    assert finding.severity == "warning"
    assert finding.explanation == (
        "With inputs.json in the dialect interface (that with the key interface alone, which live jobs had until"
        " December 2025) the case fails: The list has no key socket."
    )


def test_a_case_that_passes_only_in_an_older_dialect_has_failed(result_of):
    judged = judge_dialect(result_of(1, "a"), result_of(0, "b"), Dialect.NONE)
    assert not judged.passed
    assert judged.findings[-1].explanation.endswith("dialect none (none at all, as before March 2025) the case passes")


@pytest.mark.parametrize("status", [0, 1])
def test_the_same_end_in_both_is_not_told(result_of, status):
    result = result_of(status, "a")
    assert judge_dialect(result, result_of(status, "b"), Dialect.SOCKET) == result
