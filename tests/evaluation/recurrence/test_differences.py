"""Differences of two methods and their tests, on random scores beside SciPy's and statsmodels'."""

import numpy as np
import pytest
from scipy.stats import fisher_exact, ttest_rel, wilcoxon
from statsmodels.stats.contingency_tables import mcnemar

from hnseg.evaluation.recurrence.differences import captures_between, differences_between
from hnseg.evaluation.recurrence.summary import report_of
from hnseg.evaluation.report import CaseScore


def scores_of(rng, count):
    """Return scores of a method: Dice and volume at random, and one to three origins a patient."""
    cases = []
    for number in range(count):
        hits = (rng.random(1 + number % 3) < 0.5).astype(int)
        values = {"dsc": rng.random(), "recall": 0.5, "precision": 0.5, "prediction_cc": 30 * rng.random()}
        counts = {"origins": len(hits), "captured_by_centre": int(hits.sum()), "captured_by_core": 0}
        each = {
            f"origin {place}": {"reference_cc": 1.0, "captured_by_centre": int(hit), "captured_by_core": 0}
            for place, hit in enumerate(hits, 1)
        }
        cases.append(
            CaseScore(name=str(number), structures={"recurrence": values | counts | {"reference_cc": 1.0}, **each})
        )
    return report_of(cases, {})


@pytest.mark.parametrize("seed", range(8))
def test_p_values_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first, other = scores_of(rng, 12), scores_of(rng, 12)
    for found in differences_between(("a", first), ("b", other)):
        one, two = (
            np.array([case.structures["recurrence"][found.measure] for case in report.cases])
            for report in (first, other)
        )
        assert found.mean == pytest.approx((one - two).mean())
        assert found.low < found.mean < found.high
        assert found.paired_t_p == pytest.approx(ttest_rel(one, two).pvalue)
        assert found.wilcoxon_p == pytest.approx(wilcoxon(one, two, method="exact").pvalue)


@pytest.mark.parametrize("seed", range(8))
def test_captures_are_those_of_scipy_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    first, other = scores_of(rng, 12), scores_of(rng, 12)
    by = {(one.rule, one.unit): one for one in captures_between(("a", first), ("b", other))}
    one, two = (
        np.array(
            [
                row["captured_by_centre"]
                for case in report.cases
                for name, row in case.structures.items()
                if name.startswith("origin")
            ],
            bool,
        )
        for report in (first, other)
    )
    found = by["centre", "origins"]
    assert (found.first_captured, found.other_captured, found.of) == (one.sum(), two.sum(), 24)
    assert found.fisher_p == pytest.approx(
        fisher_exact([[one.sum(), 24 - one.sum()], [two.sum(), 24 - two.sum()]]).pvalue
    )
    table = [[(one & two).sum(), (one & ~two).sum()], [(~one & two).sum(), (~one & ~two).sum()]]
    assert found.mcnemar_p == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert by["centre", "patients"].of == 12
    assert by["core", "origins"].mcnemar_p == 1.0


def test_undefined_values_leave_the_patient_out(comparison):
    by = {(one.other, one.measure): one for one in comparison.differences}
    assert by["none", "dsc"].patients == 2  # of three: neither predicts nor has the third a recurrence
    assert by["none", "prediction_cc"].patients == 3
    assert by["first", "dsc"].mean == 0
    assert by["first", "dsc"].wilcoxon_p == 1
    assert by["first", "dsc"].paired_t_p is None
