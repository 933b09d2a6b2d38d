"""Borda counts in two levels, worked out by hand."""

from hypothesis import given
from hypothesis import strategies as st

from hnseg.evaluation.challenges.hecktor import RANKINGS
from hnseg.evaluation.ranking.borda.counts import borda_ranks

(HECKTOR,) = RANKINGS
P, DSC, F1 = "GTVp.mean_dsc", "GTVn.aggregated_dsc", "GTVn.aggregated_f1"


def ranks_of(primary: list[float], dsc: list[float], f1: list[float]):
    return borda_ranks({P: primary, DSC: dsc, F1: f1}, HECKTOR)


def test_nodes_are_a_count_of_their_own_before_the_primary_counts():
    ranks = ranks_of([0.9, 0.8, 0.7, 0.6], [0.5, 0.8, 0.7, 0.6], [0.5, 0.7, 0.8, 0.6])
    assert ranks.by_measure[P].tolist() == [1, 2, 3, 4]
    # Nodes: ranks 4+4, 1+2, 2+1, 3+3, so points 0, 5, 5, 2 and ranks 4, 1, 1, 3.
    assert ranks.by_group["GTVn"].tolist() == [4, 1, 1, 3]
    # Points of both groups: 3+0, 2+3, 1+3, 0+1.
    assert ranks.points.tolist() == [3, 5, 4, 1]
    assert ranks.final.tolist() == [3, 1, 2, 4]


def test_the_primary_counts_as_much_as_both_measures_of_the_nodes():
    ranks = ranks_of([0.9, 0.1], [0.1, 0.9], [0.1, 0.9])
    assert ranks.points.tolist() == [1, 1]
    assert ranks.final.tolist() == [1, 1]


def test_equal_values_share_the_smallest_rank_and_its_points():
    ranks = ranks_of([0.9, 0.9, 0.1], [0.5, 0.5, 0.5], [0.2, 0.2, 0.2])
    assert ranks.by_measure[P].tolist() == [1, 1, 3]
    assert ranks.points.tolist() == [4, 4, 2]
    assert ranks.final.tolist() == [1, 1, 3]


def test_the_last_digits_of_a_sum_make_no_better_team():
    assert ranks_of([0.1 + 0.2, 0.3], [1, 1], [1, 1]).final.tolist() == [1, 1]


VALUES = st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=2, max_size=7)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_teams_changes_nothing(teams, random):
    order = list(range(len(teams)))
    random.shuffle(order)
    straight = ranks_of(*map(list, zip(*teams, strict=True))).final
    shuffled = ranks_of(*map(list, zip(*[teams[i] for i in order], strict=True))).final
    assert [straight[i] for i in order] == shuffled.tolist()


@given(VALUES)
def test_a_team_that_is_better_by_every_measure_is_not_behind(teams):
    final = ranks_of(*map(list, zip(*teams, strict=True))).final
    for one, ours in enumerate(teams):
        for other, theirs in enumerate(teams):
            if all(a >= b for a, b in zip(ours, theirs, strict=True)):
                assert final[one] <= final[other]
