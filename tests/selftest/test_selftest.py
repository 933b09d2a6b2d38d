import logging

import pytest

from hnseg.errors import ModelError
from hnseg.selftest.selftest import mounted_model, run_selftest
from tests.support.small_selftest import SMALL_SIZES


def test_a_model_that_can_not_be_used_is_refused_and_the_log_is_as_before(tmp_path):
    with pytest.raises(ModelError, match="A model folder must hold plans"):
        run_selftest("cpu", tmp_path, sizes=SMALL_SIZES)
    assert logging.getLogger("hnseg.inference").level == logging.NOTSET


def test_a_folder_without_files_is_no_mounted_model(tmp_path):
    assert mounted_model(tmp_path / "missing") is None
    assert mounted_model(tmp_path) is None
    (tmp_path / "manifest.json").touch()
    assert mounted_model(tmp_path) == tmp_path
