"""Scores become a complete table; a missing value gets the challenge's value of an empty prediction."""

import math

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.ranking.methods import DSC, HD95
from hnseg.evaluation.ranking.scores_file import Score
from hnseg.evaluation.ranking.scores_table import ScoresTable, table_of

METRICS = (DSC, HD95)


def _table(values: dict[tuple[str, str, str], tuple[float, float]]) -> ScoresTable:
    """Arrange the DSC and HD95 of (team, case, structure)."""
    return table_of(
        [Score(*key, metric, v) for key, pair in values.items() for metric, v in zip(METRICS, pair, strict=True)],
        METRICS,
    )


def test_rows_become_a_table_whatever_their_order():
    values = {
        (team, case, structure): (len(team + case) / 10, float(len(structure)))
        for team in ("y", "xx")
        for case in ("c2", "c10")
        for structure in ("Lips", "Glottis")
    }
    table = _table(values)
    assert table.teams == ("xx", "y")
    assert table.cases == ("c10", "c2")
    assert table.items == (("c10", "Glottis"), ("c10", "Lips"), ("c2", "Glottis"), ("c2", "Lips"))
    assert table.values[0].tolist() == [[0.5, 0.5, 0.4, 0.4], [0.4, 0.4, 0.3, 0.3]]
    turned = _table(dict(reversed(values.items())))
    assert turned.items == table.items
    assert (turned.values == table.values).all()


def test_an_empty_prediction_gets_dice_0_and_the_structures_largest_distance():
    table = _table(
        {
            ("x", "c1", "Lips"): (0.0, math.nan),  # a scorer that gives DSC 0
            ("x", "c2", "Lips"): (math.nan, math.nan),  # one that gives nothing
            ("y", "c1", "Lips"): (0.6, 7.0),
            ("y", "c2", "Lips"): (0.0, 9.5),  # not empty, but beside it
            ("x", "c1", "Glottis"): (0.5, 30.0),
            ("y", "c1", "Glottis"): (0.5, 3.0),
        }
    )
    assert table.items == (("c1", "Glottis"), ("c1", "Lips"), ("c2", "Lips"))
    assert table.values.tolist() == [[[0.5, 0, 0], [0.5, 0.6, 0]], [[30, 9.5, 9.5], [3, 7, 9.5]]]
    assert table.notes == ("Empty predictions of Lips count as DSC 0.0000, HD95 9.50 mm: x (2).",)


def test_an_item_without_a_value_of_any_team_is_absent_in_the_reference():
    table = _table(
        {
            ("x", "c1", "Lips"): (math.nan, math.nan),
            ("y", "c1", "Lips"): (math.nan, math.nan),
            ("x", "c2", "Lips"): (0.5, 3.0),
            ("y", "c2", "Lips"): (0.5, 4.0),
        }
    )
    assert table.items == (("c2", "Lips"),)
    assert table.notes == ("Left out because no team has a value, so it is absent in the reference: Lips in c1.",)


def test_a_structure_that_no_team_ever_predicted_has_no_largest_distance():
    table = _table(
        {
            ("x", "c1", "Lips"): (0.0, math.nan),
            ("y", "c1", "Lips"): (0.0, math.nan),
            ("x", "c1", "Glottis"): (0.5, 3.0),
            ("y", "c1", "Glottis"): (0.5, 4.0),
        }
    )
    assert table.structures == ("Glottis",)
    assert table.notes == ("Left out because no team ever predicted it: Lips.",)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({("x", "c1", "Lips"): (1.0, 1.0)}, r"two teams or more, but the scores have only x"),
        (
            {("x", "c1", "Lips"): (1, 1), ("x", "c2", "Lips"): (1, 1), ("y", "c1", "Lips"): (1, 1)},
            r"any team has, but y has no DSC of Lips in c2, HD95 of Lips in c2\. Give an empty prediction a row",
        ),
        (
            {("x", "c1", "Lips"): (1, 1)} | {("y", f"c{case}", "Lips"): (1, 1) for case in range(9)},
            r"x has no DSC of Lips in c0, HD95 of Lips in c0, DSC of Lips in c2, .* and 11 more\.",
        ),
        (
            {("x", "c1", "Lips"): (0.7, math.nan), ("y", "c1", "Lips"): (1, 1)},
            r"that of Lips in c1 by x has DSC and no HD95\. Was a value lost\?",
        ),
        (
            {("x", "c1", "Lips"): (1, 1), ("y", "c1", "Lips"): (math.nan, 2.0)},
            r"that of Lips in c1 by y has HD95 and no DSC",
        ),
        ({(team, "c1", "Lips"): (math.nan, math.nan) for team in "xy"}, r"but no team has one. Was an evaluation"),
        ({(team, "c1", "Lips"): (0.0, math.nan) for team in "xy"}, r"every prediction of every team is empty"),
    ],
)
def test_scores_that_cant_be_compared_are_refused_by_name(values, sentence):
    with pytest.raises(InputError, match=sentence):
        _table(values)


def test_a_row_of_one_metric_that_no_team_has_is_missing_too():
    scores = [Score(team, "c1", "Lips", DSC, 0.5) for team in "xy"]
    with pytest.raises(InputError, match=r"x has no HD95 of Lips in c1; y has no HD95 of Lips in c1"):
        table_of(scores, METRICS)


def test_means_are_over_structures_however_many_cases_each_has():
    items = (("a", "Lips"), ("b", "Lips"), ("c", "Lips"), ("c", "Glottis"))
    table = ScoresTable((DSC,), ("x", "y"), items, np.array([[[0.1, 0.2, 0.3, 0.8], [0, 0, 0, 1]]]))
    assert table.means(np.ones((1, 4)))[0, 0] == pytest.approx([(0.2 + 0.8) / 2, 0.5])
    # Twice a and once b: there is no Glottis.
    assert table.means(np.array([[2.0, 1, 0, 0]]))[0, 0] == pytest.approx([0.4 / 3, 0])


def test_a_case_counts_by_the_mean_of_its_structures():
    items = (("a", "Lips"), ("b", "Glottis"), ("b", "Lips"))
    table = ScoresTable((DSC,), ("x", "y"), items, np.array([[[0.1, 0.2, 0.6], [0, 1, 0]]]))
    assert table.means_by_case()[0].tolist() == [[0.1, 0.4], [0, 0.5]]
