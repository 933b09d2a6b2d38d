"""Blocks of a plane: bounds that hold, and logits that are those of the whole plane."""

import numpy as np
import pytest
import torch

from hnseg.inference.labelling.block_interpolation import Blocks, bounds_between, interpolated
from hnseg.inference.preprocessing.axis_map import AxisMap

pytestmark = pytest.mark.numeric

OLD, NEW, OUTPUTS = (31, 29), (150, 170), 4
ROWS, COLUMNS = (AxisMap.spline(old, new, 1) for old, new in zip(OLD, NEW, strict=True))


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_blocks_are_those_of_the_plane_between_two_and_within_their_bounds(weight):
    logits = np.random.default_rng(0).normal(size=(2, OUTPUTS, *OLD)).astype(np.float32)
    blocks = Blocks(ROWS, COLUMNS, OUTPUTS)
    near = [blocks.prepared(plane) for plane in logits]
    lowest, highest = bounds_between(near, weight)
    whole = np.einsum(
        "kyx,jy,ix->kji", (1 - weight) * logits[0] + weight * logits[1], ROWS.weights, COLUMNS.weights, dtype=float
    )
    assert (len(blocks.rows), len(blocks.columns)) == (3, 2)
    for row, rows in enumerate(blocks.rows):
        for column, columns in enumerate(blocks.columns):
            found = interpolated(near, weight, rows, columns, torch.tensor([1, 3])).numpy()
            expected = whole[[1, 3], rows.new, columns.new].transpose(0, 2, 1)
            np.testing.assert_allclose(found, expected, atol=1e-5)
            assert (found.max(axis=(1, 2)) <= highest[[1, 3], row, column] + 1e-5).all()
            assert (found.min(axis=(1, 2)) >= lowest[[1, 3], row, column] - 1e-5).all()


def test_a_plane_that_lies_on_one_is_interpolated_from_it_alone():
    logits = np.random.default_rng(0).normal(size=(OUTPUTS, *OLD)).astype(np.float32)
    blocks = Blocks(ROWS, COLUMNS, OUTPUTS)
    found = interpolated([blocks.prepared(logits)], 0.0, blocks.rows[0], blocks.columns[0], torch.arange(OUTPUTS))
    assert found[:, 0, 0].tolist() == pytest.approx(logits[:, 0, 0].tolist(), abs=1e-6)
