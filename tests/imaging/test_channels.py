import numpy as np
import pytest

from hnseg.imaging.channels import Channels, modality_record
from hnseg.imaging.geometry import Grid

GRID = Grid((2, 2, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def channels_with(record):
    return Channels(np.zeros((1, 2, 2, 2), np.float32), GRID, record=record)


@pytest.mark.parametrize("used", [True, False])
def test_the_use_of_a_modality_is_read_from_the_record(used):
    assert channels_with(modality_record("pet", used=used, reason="any words")).uses("pet") == used


def test_a_modality_that_is_not_in_the_record_is_not_used():
    assert not channels_with({}).uses("pet")
    assert not channels_with(modality_record("mr", used=True)).uses("pet")
