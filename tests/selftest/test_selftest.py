import logging

import pytest

from hnseg.errors import ModelError
from hnseg.selftest import selftest
from hnseg.selftest.checks import Sizes
from hnseg.selftest.selftest import mounted_model, run_selftest
from hnseg.selftest.untrained import Shape
from tests.support.pretended_gpu import PretendedGpu
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


def test_every_check_runs_on_a_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(selftest, "_DEMO", tmp_path / "none")
    shape = Shape((8, 8, 8), (4, 32), labels=31, folds=4)
    sizes = Sizes(Shape((8, 16, 16), (4, 4)), shape, 48, Shape((8, 16, 16), (4, 4), labels=31, folds=1), (8, 32, 16))
    with PretendedGpu():
        result = run_selftest("cuda", sizes=sizes)
    assert result.device == "cuda"
    assert {row.state for row in result.rows} == {"right", "measured"}
    assert result.is_usable
    everything, in_ram, travel, processor = (row.found for row in result.rows if row.name.startswith("step down"))
    assert "no cap, networks on cuda, sums in float32 on cuda" in everything
    assert "networks on cuda, sums in float32 on cpu" in in_ram
    assert "networks on cuda, sums in float32 on cpu" in travel
    assert travel.endswith(", 0 MiB stay on the GPU.")
    assert "networks on cpu" in processor
