"""Comparison of methods as a whole."""

import pytest

from hnseg.evaluation.recurrence.comparison import Comparison, compare
from hnseg.evaluation.recurrence.methods import Method, find_cohort


def test_methods_keep_their_order_and_the_first_is_compared_with_each(comparison):
    assert [method.name for method in comparison.methods] == ["net", "all", "first", "none"]
    assert [(one.first, one.other) for one in comparison.differences[::2]] == [
        ("net", "all"), ("net", "first"), ("net", "none"),
    ]  # fmt: skip


def test_a_probability_has_a_curve_through_its_own_point(comparison):
    curve = comparison.curves["net"]
    assert list(comparison.curves) == ["net"]
    assert [curve.points[percent].captured_by_centre for percent in (0, 25, 26, 75, 76)] == [4, 4, 2, 2, 0]
    net = comparison.methods[0].report
    assert curve.points[50].mean_dsc == net.score
    assert curve.points[50].median_cc == net.structures["recurrence"]["median_prediction_cc"]


def test_the_sweep_leaves_the_brain_out_where_there_is_one(comparison):
    sweep = comparison.sweep
    assert (sweep.patients_with_brain, sweep.curve.patients) == (1, 3)
    assert sweep.best_percent == 11
    # patient a lacks the first slice of the second cube, whose origin is in the next one
    assert sweep.curve.points[39].captured_by_centre == 4
    assert sweep.curve.points[39].q1_cc == pytest.approx((45 + 54) / 2 * 0.25)


def test_json_has_every_key_again(comparison):
    assert Comparison.model_validate_json(comparison.model_dump_json()) == comparison


def test_without_images_and_probabilities_there_is_neither_sweep_nor_curve(root):
    cohort = find_cohort([Method("all", root / "all")], root / "references")
    comparison = compare(cohort, core="as-code", options={"core": "as-code"})
    assert comparison.sweep is None
    assert comparison.curves == {}
    assert comparison.differences == comparison.captures == ()
    assert comparison.methods[0].report.options == {"core": "as-code"}
