import json

import pytest

from hnseg.errors import InputError
from hnseg_training.fitting.selection.record import Selection, read_selection

RECORD = {"best_epoch": 3, "dice": 0.5, "cases": {"ann": {"recurrence": None}}, "epochs": 9, "ended": "patience"}


def test_a_fold_without_a_record_has_none(tmp_path):
    assert read_selection(tmp_path) is None


def test_an_undefined_dice_is_null_in_the_file(tmp_path):
    (tmp_path / "selection.json").write_text(json.dumps(RECORD))
    record = read_selection(tmp_path)
    assert record == Selection.model_validate({**RECORD, "cases": {"ann": {"recurrence": float("nan")}}})
    assert record.model_dump(mode="json") == RECORD


@pytest.mark.parametrize("content", [{**RECORD, "ended": "boredom"}, {"best_epoch": 3}, [1]])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "selection.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"selection\.json must be the record of a selected epoch, but it is none: "):
        read_selection(tmp_path)
