import pytest
import torch

from hnseg.errors import InputError, ModelError
from hnseg.selftest.checks import checks, guarded
from hnseg.selftest.results import Row
from tests.support.small_selftest import SMALL_SIZES


def test_a_check_that_raises_is_a_row_with_the_error():
    def fail():
        raise RuntimeError("CUDA error: no kernel image is available\nfor execution on the device")

    (row,) = guarded("passes", fail)
    assert (row.name, row.state) == ("passes", "wrong")
    assert row.found == "ended with RuntimeError: CUDA error: no kernel image is available for execution on the device."
    assert "driver" in row.cure


def test_memory_that_is_not_enough_has_a_cure_of_its_own():
    def fail():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    (row,) = guarded("31 labels", fail)
    assert "OutOfMemoryError" in row.found
    assert "Memory was not enough" in row.cure


def test_the_time_of_a_check_stands_in_its_first_row():
    rows = guarded("two", lambda: [Row(name=name, state="right", found="") for name in "ab"])
    assert rows[0].seconds is not None
    assert rows[1].seconds is None


def test_a_model_that_can_not_be_used_ends_the_test(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    with pytest.raises(ModelError):
        next(checks(torch.device("cpu"), model, None, tmp_path, SMALL_SIZES))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_ends_the_test(tmp_path):
    with pytest.raises(InputError, match="A GPU was asked for"):
        next(checks(torch.device("cuda"), None, None, tmp_path, SMALL_SIZES))
