"""Keys of blinded sheets."""

import pytest

from hnseg.errors import InputError
from hnseg.robustness.grading.key_csv import as_csv, read_key
from hnseg.robustness.scores.record import BASELINE, Variant

KEY = {"ACDE": ("case_2", BASELINE), "WXY3": ("case_1", Variant("CT", "spike", 3))}


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "key.csv"
    path.write_text(as_csv(KEY))
    assert read_key(path) == KEY


@pytest.mark.parametrize("row", ["ACDE,case_9,,none,0", ",case_9,,none,0", "ZZ,,,none,0"])
def test_a_code_stands_for_one_case(tmp_path, row):
    path = tmp_path / "key.csv"
    path.write_text(as_csv(KEY) + row + "\n")
    with pytest.raises(InputError, match=r"a code and a case a row, each code once, but line 4 of"):
        read_key(path)
