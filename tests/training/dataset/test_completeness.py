import logging
from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.completeness import check_nothing_missing, listed, log_untaken


def test_five_names_are_shown_and_the_others_counted():
    assert listed(["a"]) == "a"
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdef")) == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize(("missing", "found"), [(["a"], "a is missing"), (["a", "b"], "a, b are missing")])
def test_missing_files_are_refused_in_one_sentence(missing, found):
    with pytest.raises(InputError, match=rf"^Every patient must have a CT, but {found} in data\. Was the archive unp"):
        check_nothing_missing(missing, must="Every patient must have a CT", root=Path("data"))


def test_complete_data_pass():
    check_nothing_missing([], must="Every patient must have a CT", root=Path("data"))


def test_what_is_not_converted_is_logged_by_name(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (tmp_path / "a").mkdir()
    for name in ("a/ct.nrrd", "a/notes.txt", "a/._ct.nrrd", "list.csv"):
        (tmp_path / name).touch()
    log_untaken(tmp_path, {tmp_path / "a/ct.nrrd"})
    assert caplog.messages == [f"not converted from {tmp_path}: a/notes.txt, list.csv"]
    caplog.clear()
    log_untaken(tmp_path, {tmp_path / "a/ct.nrrd", tmp_path / "a/notes.txt", tmp_path / "list.csv"})
    assert not caplog.messages
