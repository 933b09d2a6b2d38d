"""Tables of a study for the terminal."""

from hnseg.robustness.results.summary import summarise
from hnseg.robustness.results.tables import baseline_table, cells_table, correlations_table, explanation
from tests.support.made_up_study import made_up_study

SUMMARY = summarise(made_up_study())


def test_a_row_for_each_kind_and_severity_and_a_column_for_each_image_and_structure():
    table = cells_table(SUMMARY)
    assert table.headings == ("kind", "severity", "CT GTVp", "CT GTVn", "PET GTVp", "PET GTVn")
    assert [row[:2] for row in table.rows] == [("spike", "1"), ("spike", "2"), ("blur", "1"), ("blur", "2")]
    median, nonempty, failures = table.rows[0][2].split(" / ")
    assert abs(float(median) - 0.25) < 0.01
    assert (nonempty, failures) == (median, "0 **")
    assert table.rows[1][2].split(" / ")[2] == "12 **"


def test_the_baseline_has_a_row_for_each_structure():
    assert [(row[0], row[1], row[-1]) for row in baseline_table(SUMMARY).rows] == [
        ("GTVp", "12", "0"),
        ("GTVn", "12", "1"),
    ]


def test_correlations_name_those_that_are_the_baselines():
    rows = correlations_table(SUMMARY).rows
    assert {row[:3] for row in rows if row[-1] == "yes"} == {
        ("contrast", "CT spike 2", "GTVp"),
        ("contrast", "CT spike 2", "GTVn"),
    }


def test_the_explanation_counts_the_tests():
    text = " ".join(explanation(SUMMARY))
    assert "over 16 cells" in text
    assert "of 32 are significant in one family" in text
