"""Folder of the real volumes, and the mark that skips tests without them."""

import pytest

from tests.support.real_data import needs_real_data, real_data_dir


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HNSEG_REAL_DATA", str(tmp_path))
    (tmp_path / "there").mkdir()
    return tmp_path


def test_the_variable_names_the_folder(folder):
    assert real_data_dir() == folder


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_it_is_a_folder_beside_the_checkout(monkeypatch, value, pytestconfig):
    monkeypatch.delenv("HNSEG_REAL_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("HNSEG_REAL_DATA", value)
    assert real_data_dir() == pytestconfig.rootpath.parent / "shared" / "data"


@pytest.mark.usefixtures("folder")
def test_a_test_is_skipped_for_what_is_missing_alone():
    mark = needs_real_data("there", "missing").mark
    assert mark.args == (True,)
    assert mark.kwargs == {"reason": "needs missing in the folder that HNSEG_REAL_DATA names"}


@pytest.mark.usefixtures("folder")
def test_a_test_runs_where_everything_is_there():
    assert needs_real_data("there").mark.args == (False,)
