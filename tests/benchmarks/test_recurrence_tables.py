"""Tables of the benchmark of recurrence volumes, on patients whose measures are known."""

from __future__ import annotations

import pytest

from hnseg.evaluation.recurrence.comparison import compare
from hnseg.evaluation.recurrence.methods import Method, find_cohort
from tests.support.recurrence_patients import write_cohort


@pytest.fixture
def tables(script):
    """Module of the script."""
    return script("recurrence_tables")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """Comparison of a network, of a method that predicts the first cube, of nothing, and of a GTV of both cubes."""
    root = write_cohort(tmp_path_factory.mktemp("recurrence"))
    methods = [
        Method("net", probabilities=root / "probability"),  # 0.75 in the first cube and 0.25 in the second
        *(Method(name, root / name) for name in ("first", "none")),
        Method("gtv", root / "all"),
    ]
    return compare(find_cohort(methods, root / "references"), core="ultimate", options={})


@pytest.mark.parametrize(("captured", "threshold"), [(4, 0.25), (3, 0.25), (2, 0.75), (0, 0.99)])
def test_the_threshold_is_the_highest_that_captures_as_many_origins(tables, comparison, captured, threshold):
    curve = comparison.curves["net"]
    assert tables.threshold_for(curve, captured, "centre").threshold == threshold
    assert tables.threshold_for(curve, captured, "core").threshold == threshold


def test_a_threshold_of_0_which_takes_the_whole_image_is_none(tables, comparison):
    curve = comparison.curves["net"]
    whole = curve.points[0].model_copy(update={"captured_by_centre": 5})
    assert tables.threshold_for(curve.model_copy(update={"points": (whole,)}), 5, "centre") is None
    assert tables.threshold_for(curve, 5, "centre") is None


def test_a_method_has_its_shares_of_what_the_gtv_captures_and_of_its_volume(tables, comparison):
    table = tables.beside_the_gtv(comparison, comparison.methods)
    rows = {row[0]: row[-4:] for row in table.rows}
    assert rows["reference"] == ("", "", "", "")
    # 2 of 4 origins, by 6.75 of 13.5 cc in each patient
    assert rows["net"] == rows["first"] == ("50", "50", "50", "50")
    assert rows["none"] == ("0", "0", "0", "0")
    assert rows["gtv"] == ("100", "100", "100", "100")


def test_shares_of_nothing_are_undefined(tables, comparison):
    nothing, first = (next(one for one in comparison.methods if one.name == name) for name in ("none", "first"))
    assert tables.shares_of(first.report, nothing.report) == ("-", "-", "-", "-")


def test_each_method_but_the_gtv_is_tested_against_it(tables, comparison):
    table = tables.tests_against_the_gtv(comparison)
    rows = {row[0]: dict(zip(table.headings[1:], row[1:], strict=True)) for row in table.rows}
    assert list(rows) == ["net", "first", "none"]
    first = rows["first"]
    # Dice less by 1/3, 1/3 and 0: t = -2 with 2 degrees of freedom, p = 1 - 2 / sqrt(6); two signs alike, p = 2 / 4
    assert first["DSC: paired t / Wilcoxon"] == "0.184 / 0.500"
    # three equal differences, without a deviation; three signs alike, p = 2 / 8
    assert first["volume: paired t / Wilcoxon"] == "- / 0.250"
    assert first["patients, centre: Fisher / McNemar"] == "1.000 / 1.000"
    # 2 of 4 beside 4 of 4: (6 + 6) / 28; two that differ, p = 2 / 4
    assert first["origins, core: Fisher / McNemar"] == "0.429 / 0.500"
    # 0 of 4 beside 4 of 4: 2 / 70; four that differ, p = 2 / 16
    assert rows["none"]["origins, centre: Fisher / McNemar"] == "0.029 / 0.125"
