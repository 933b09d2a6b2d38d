"""Tables of a comparison."""

from hnseg.evaluation.recurrence.tables import (
    captures_table,
    differences_table,
    explanation,
    intervals_table,
    methods_table,
)


def test_the_methods_stand_below_the_reference_as_in_the_paper(comparison):
    table = methods_table(comparison)
    assert table.headings[:3] == ("method", "DSC, median (IQR)", "volume, cc, median (IQR)")
    assert table.rows[0] == ("reference", "", "14 (6.8, 14)", "", "", "4", "4", "2", "2")
    assert table.rows[3] == (
        "first", "0.67 (0.33, 0.67)", "6.8 (6.8, 6.8)", "0.50 (0.50, 0.50)", "1.00 (0.50, 1.00)", "2", "2", "2", "2",
    )  # fmt: skip
    assert table.rows[4][4] == "undefined"


def test_intervals_and_tests_have_a_row_each(comparison):
    assert intervals_table(comparison).rows[1][3] == "1.00 to 1.00"
    rows = differences_table(comparison).rows
    assert rows[2] == ("net - first", "DSC", "3", "0.00 (0.00 to 0.00)", "undefined", "1.000")
    assert rows[1][3] == "-6.8 (-6.8 to -6.8)"
    assert captures_table(comparison).rows[1] == ("net - all", "centre", "origins", "2", "4", "4", "0.429", "0.500")


def test_sentences_tell_of_empty_label_maps_and_of_the_sweep(comparison):
    lines = explanation(comparison)
    assert lines[1].startswith("none predicts nothing in 3 of 3 patients: DSC 0, or undefined in the 1 without")
    assert "Patients without a recurrence: 1 of 3." in lines
    assert "largest at 11 % of these 3 patients, the brain left out in 1" in lines[-1]
