from dataclasses import replace

import pytest
import torch

from hnseg_training.fitting.expected.planned_network import planned_network
from hnseg_training.fitting.expected.timing import batch_time
from hnseg_training.fitting.preset import PRESETS

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="the processor is not what is timed here")


@pytest.fixture
def demo(planned):
    return planned_network(planned, PRESETS["demo"])


def test_a_small_batch_is_timed_whole(demo):
    threads = torch.get_num_threads()
    found = batch_time(demo, "nnUNetTrainer", limit_s=0)
    assert found is not None
    assert (found.patch_zyx, found.batch_size) == (demo.patch_zyx, demo.batch_size)
    assert found.batch_s > 0
    assert "processors" in found.where
    assert torch.get_num_threads() == threads


def test_a_large_batch_is_timed_by_a_smaller_patch_and_scaled(demo):
    huge = replace(demo, patch_zyx=(512, 512, 512), batch_size=8)
    found = batch_time(huge, "nnUNetTrainer", limit_s=0)
    assert found is not None
    assert found.batch_size == 1
    assert all(large % small == 0 for large, small in zip(huge.patch_zyx, found.patch_zyx, strict=True))
    assert found.batch_s > 8 * batch_time(demo, "nnUNetTrainer", limit_s=0).batch_s


def test_where_nothing_fits_nothing_is_timed(demo, monkeypatch):
    monkeypatch.setattr("hnseg_training.fitting.expected.timing.free_ram_gib", lambda: 0.1)
    assert batch_time(demo, "nnUNetTrainer") is None
