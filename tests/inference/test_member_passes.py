"""Passes of folds on their way to the members' sums: each tile's mean, each pass once, nothing that is not finite."""

import pytest
import torch

from hnseg.inference.member_passes import MemberPasses

SHAPE = (2, 1, 3, 4)
FLIPS = ((), (0,), (1,), (0, 1))


class Sums:
    """Sums that note what is added to them."""

    def __init__(self, fails_at=None):
        self.means, self.fails_at = [], fails_at

    def __call__(self, fold, tile, mean, passes):
        if (fold, tile) == self.fails_at:
            self.fails_at = None
            raise MemoryError
        self.means.append((fold, tile, passes, mean.unique().tolist()))


def add_turn(passes, fold, values, tiles=(0, 1)):
    """Add a turn of a fold, in which pass i has the logits values[i], on tile 1 tenfold."""
    for tile in tiles:
        for axes, value in zip(FLIPS, values, strict=False):
            passes.add(fold, tile, axes, torch.full(SHAPE, value * 10.0**tile))
    passes.end_tile()


def test_each_tile_of_each_turn_has_the_mean_over_its_passes():
    sums = Sums()
    passes = MemberPasses(sums, set())
    add_turn(passes, 0, (1.0, 2.0))
    add_turn(passes, 1, (4.0,))
    assert sums.means == [(0, 0, 2, [1.5]), (0, 1, 2, [15.0]), (1, 0, 1, [4.0]), (1, 1, 1, [40.0])]


def test_later_turns_of_a_fold_come_by_themselves():
    sums = Sums()
    passes = MemberPasses(sums, set())
    for axes, value in zip(FLIPS, (1.0, 3.0), strict=False):
        passes.add(0, 0, axes, torch.full(SHAPE, value))
        passes.end_tile()
    assert sums.means == [(0, 0, 1, [1.0]), (0, 0, 1, [3.0])]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_left_to_the_repetition_and_all_else_is_added_once(value):
    sums, added = Sums(), set()
    first = MemberPasses(sums, added)
    add_turn(first, 0, (1.0, 2.0))
    add_turn(first, 1, (1.0, value), tiles=(0,))
    assert [mean[:2] for mean in sums.means] == [(0, 0), (0, 1)]
    again = MemberPasses(sums, added)
    for fold in (0, 1):
        add_turn(again, fold, (5.0, 7.0))
    assert sums.means[2:] == [(1, 0, 2, [6.0]), (1, 1, 2, [60.0])]


def test_a_repetition_in_longer_turns_adds_only_passes_that_are_new():
    sums, added = Sums(), set()
    add_turn(MemberPasses(sums, added), 0, (1.0,))
    add_turn(MemberPasses(sums, added), 0, (1.0, 2.0, 4.0))
    assert sums.means[2:] == [(0, 0, 2, [3.0]), (0, 1, 2, [30.0])]


def test_where_memory_ends_the_repetition_goes_on_with_the_tile_at_which_it_did():
    sums, added = Sums(fails_at=(1, 1)), set()
    first = MemberPasses(sums, added)
    add_turn(first, 0, (1.0,))
    with pytest.raises(MemoryError):
        add_turn(first, 1, (2.0,))
    again = MemberPasses(sums, added)
    for fold in (0, 1):
        add_turn(again, fold, (8.0,))
    assert sums.means == [(0, 0, 1, [1.0]), (0, 1, 1, [10.0]), (1, 0, 1, [2.0]), (1, 1, 1, [80.0])]


def test_logits_in_memory_that_the_next_pass_takes_back_are_kept():
    sums, shared = Sums(), torch.full(SHAPE, 2.0)
    passes = MemberPasses(sums, set())
    passes.add(0, 0, (), shared)
    shared.fill_(9.0)
    passes.end_tile()
    assert sums.means == [(0, 0, 1, [2.0])]
    assert shared.unique().tolist() == [9.0]
