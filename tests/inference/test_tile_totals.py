"""Totals of tiles' logits over passes."""

import torch

from hnseg.inference.tile_totals import TileTotals

SHAPE = (2, 3, 1, 2, 2)


def test_the_mean_is_over_all_passes_of_all_turns():
    totals = TileTotals(SHAPE, torch.device("cpu"))
    for values in ((1.0,), (2.0, 3.0)):  # on tile 1 twice as much
        totals.begin_turn(len(values))
        for value in values:
            for tile in range(2):
                totals.add(tile, torch.full(SHAPE[1:], value * (1 + tile)))
    mean = totals.mean()
    assert mean.shape == SHAPE
    assert (mean[0].unique().tolist(), mean[1].unique().tolist()) == ([2.0], [4.0])


def test_logits_may_lie_side_by_side():
    totals = TileTotals(SHAPE, torch.device("cpu"), channels_last=True)
    totals.begin_turn(1)
    totals.add(1, torch.ones(SHAPE[1:]))
    mean = totals.mean()
    assert mean.shape == SHAPE
    assert mean.stride(1) == 1
    assert mean[1].min() == 1
