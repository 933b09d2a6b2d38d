import pytest

from hnseg.errors import InputError
from hnseg_training.trial.outcome import summary_of


def test_without_a_report_there_is_no_summary(tmp_path):
    with pytest.raises(InputError, match=r"must have left .*rehearsal\.json, but it did not"):
        list(summary_of(tmp_path, []))
