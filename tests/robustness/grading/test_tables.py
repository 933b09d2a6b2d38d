"""Tables of a grading."""

from hnseg.robustness.grading.summary import summarise_grades
from hnseg.robustness.grading.tables import kappa_table, measures_table, shares_table
from hnseg.robustness.scores.record import BASELINE
from tests.support.made_up_grades import made_up_grades

DICE = {("GTVp", (f"case_{at}", BASELINE)): 0.9 - 0.1 * at for at in range(8)}
SUMMARY = summarise_grades(made_up_grades(), {"dice": DICE}, draws=20)


def test_shares_have_a_row_for_each_observer_and_the_mean():
    rows = shares_table(SUMMARY).rows
    assert [row[:3] for row in rows[:4]] == [("as they are", "GTVp", name) for name in ("A", "B", "C", "mean")]
    assert [row[4] for row in rows] == ["75.0", "75.0", "100.0", "83.3", "0.0", "0.0", "0.0"]


def test_kappa_has_a_row_for_each_pair():
    assert [(row[0], row[2], row[3]) for row in kappa_table(SUMMARY).rows][-1] == ("perturbed", "A vs B", "2")


def test_measures_have_a_row_for_each_observer():
    rows = measures_table(SUMMARY).rows
    assert [row[3] for row in rows if row[0] == "as they are"] == ["A", "B", "C"]
    assert rows[2][5] == "undefined (undefined)"
