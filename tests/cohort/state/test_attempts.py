import os
import signal

import pytest

from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.errors import OutputError


@pytest.fixture
def counts(tmp_path):
    return AttemptCounts(tmp_path / "counts")


def test_attempts_at_each_case_are_numbered_until_it_is_forgotten(counts):
    assert [counts.begin(case) for case in ("a", "a", "b", "a")] == [1, 2, 1, 3]
    counts.forget("a")
    counts.forget("never begun")
    assert counts.begin("a") == 1
    assert sorted(path.name for path in counts.folder.iterdir()) == ["a", "b"]


def test_an_attempt_counts_whose_process_is_killed(counts):
    child = os.fork()
    if child == 0:
        counts.begin("a")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert counts.begin("a") == 2


def test_counts_that_can_not_be_written_are_an_error(counts):
    counts.folder.write_text("a file")
    with pytest.raises(OutputError, match=r"The attempts at a must be counted in .*counts, but that failed"):
        counts.begin("a")
