"""Cells of tables are numbers, answers or nothing, in the spellings of programs and spreadsheets."""

from math import inf, isnan

import pytest

from hnseg.evaluation.files.cells import cause_of, has_decimal_comma, is_unknown, number_in, truth_in


@pytest.mark.parametrize(
    ("cell", "number"),
    [("0.5", 0.5), (" 7 ", 7.0), (".5", 0.5), ("5.", 5.0), ("-1e-3", -0.001), ("Infinity", inf), ("-inf", -inf),
     ("1e400", inf)],
)  # fmt: skip
def test_a_number_has_a_point(cell, number):
    assert number_in(cell) == number


@pytest.mark.parametrize("cell", ["", "0,5", "1_0", "1 000", "0x1", "५", "1e", "5%", "--1", "one"])
def test_other_cells_hold_no_number(cell):
    assert number_in(cell) is None


def test_nan_is_a_number_that_is_none():
    assert isnan(number_in("NaN"))


@pytest.mark.parametrize("cell", ["0,5", "-812,50", "1.234,5", ",5", "1,234.5"])
def test_a_comma_in_a_number_is_named_as_the_cause(cell):
    assert has_decimal_comma(cell)
    assert cause_of(cell) == " Is the decimal sign a comma? It must be a point."


@pytest.mark.parametrize("cell", ["0.5", "N2, N3", "a,b", "", "1,"])
def test_other_cells_have_no_decimal_comma(cell):
    assert not has_decimal_comma(cell)
    assert cause_of(cell) == ""


@pytest.mark.parametrize(
    ("value", "truth"),
    [("1", True), ("1.0", True), ("TRUE", True), ("Yes", True), ("y", True), (1, True), (1.0, True), (True, True),
     ("0", False), ("0.00", False), ("false", False), ("No", False), ("n", False), (0, False), (False, False),
     ("2", None), ("", None), (None, None), ("maybe", None), ([1], None), ("10", None)],
)  # fmt: skip
def test_yes_and_no_have_many_spellings(value, truth):
    assert truth_in(value) is truth


@pytest.mark.parametrize("cell", ["", " ", "NaN", "n/a", "#N/A", "Unknown", "-"])
def test_nothing_known_has_many_spellings(cell):
    assert is_unknown(cell)


@pytest.mark.parametrize("cell", ["0", "no", "T2", "#DIV/0!"])
def test_something_is_known(cell):
    assert not is_unknown(cell)
