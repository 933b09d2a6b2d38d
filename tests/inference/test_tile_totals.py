"""Totals of tiles' logits: of all passes, and of each member's."""

import pytest
import torch

from hnseg.inference.tile_totals import TileTotals

SHAPE = (2, 3, 1, 2, 2)


def totals(members):
    """Return totals of two tiles: one pass of member 0, two of member 2, with logits of 1, 2 and 3; twice on tile 1."""
    found = TileTotals(SHAPE, torch.device("cpu"), members=members)
    passes = iter((1.0, 2.0, 3.0))
    for member, count in ((0, 1), (2, 1), (2, 1)):
        found.begin_turn(member, count)
        value = next(passes)
        for tile in range(2):
            found.add(tile, member, torch.full(SHAPE[1:], value * (1 + tile)))
    return found


@pytest.mark.parametrize("members", [0, 3])
def test_the_mean_is_over_all_passes(members):
    mean = totals(members).mean()
    assert mean.shape == SHAPE
    assert (mean[0].unique().tolist(), mean[1].unique().tolist()) == ([2.0], [4.0])


def test_members_have_the_mean_over_their_own_passes():
    means = dict(totals(3).member_means())
    assert {member: mean[0].unique().tolist() for member, mean in means.items()} == {0: [1.0], 2: [2.5]}


def test_members_are_kept_on_request_only():
    assert dict(totals(0).member_means()) == {}


def test_logits_may_lie_side_by_side():
    found = TileTotals(SHAPE, torch.device("cpu"), channels_last=True, members=1)
    found.begin_turn(0, 1)
    found.add(1, 0, torch.ones(SHAPE[1:]))
    for mean in (found.mean(), dict(found.member_means())[0]):
        assert mean.shape == SHAPE
        assert mean.stride(1) == 1
        assert mean[1].min() == 1
