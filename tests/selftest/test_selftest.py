import logging

from hnseg.selftest.selftest import mounted_model, run_selftest
from tests.support.small_selftest import SMALL_SIZES


def test_every_check_of_a_processor_is_right(small_bundle):
    told = []
    result = run_selftest("cpu", small_bundle.folder, sizes=SMALL_SIZES, tell=told.append)
    assert [row for row in result.rows if row.state in {"wrong", "warning"}] == []
    assert result.is_usable
    assert tuple(told) == result.rows
    assert result.device == "cpu"
    assert result.model == str(small_bundle.folder)
    assert [row.name for row in result.rows] == [
        "device",
        "first pass",
        "a pass by parts",
        "label map, exact",
        "label map, fast",
        "peak memory",
        "step down: sums in RAM",
        "step down: weights travel",
        "step down: copies one by one",
        "demo case",
        "31 labels, reduced size",
    ]
    assert logging.getLogger("hnseg.inference").level == logging.NOTSET


def test_a_folder_without_files_is_no_mounted_model(tmp_path):
    assert mounted_model(tmp_path / "missing") is None
    assert mounted_model(tmp_path) is None
    (tmp_path / "manifest.json").touch()
    assert mounted_model(tmp_path) == tmp_path
