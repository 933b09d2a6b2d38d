"""Tables of methods that predict recurrence volumes beside the GTV, and thresholds that capture as much as it."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.recurrence.comparison import Comparison, MethodScore
from hnseg.evaluation.recurrence.differences import captures_between, differences_between
from hnseg.evaluation.recurrence.patient_score import STRUCTURE
from hnseg.evaluation.recurrence.summary import RULES, values_of
from hnseg.evaluation.recurrence.tables import methods_table
from hnseg.evaluation.recurrence.threshold_curve import Curve, CurvePoint
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.tables import Table
from hnseg.records import MaybeNumber

GTV = "gtv"
"""Name of the method that predicts the GTV."""
_NONE = "-"


def threshold_for(curve: Curve, captured: int, rule: str) -> CurvePoint | None:
    """Return the point of a curve with the highest threshold, the smallest volume, that captures so many origins.

    Args:
        curve: Captured origins by threshold.
        captured: Least number of origins.
        rule: Rule of where a recurrence began, centre or core.

    Returns:
        The point; None where every threshold over 0 captures fewer, since one of 0 would take the whole image.
    """
    enough = [
        point for point in curve.points if 0 < point.threshold < 1 and getattr(point, f"captured_by_{rule}") >= captured
    ]
    return max(enough, key=lambda point: point.threshold, default=None)


def beside_the_gtv(comparison: Comparison, methods: Sequence[MethodScore]) -> Table:
    """Return the table of the methods, with their shares of what the GTV captures and of its volume.

    Args:
        comparison: Comparison with the method `gtv`.
        methods: Scores on the same patients, one a row.
    """
    gtv = gtv_of(comparison)
    table = methods_table(comparison.model_copy(update={"methods": tuple(methods)}))
    headings = (
        *(f"% of the GTV's origins, {rule}" for rule in RULES),
        "% of its volume, medians",
        "% of its volume, all patients together",
    )
    shares = [("",) * len(headings), *(shares_of(method.report, gtv) for method in methods)]
    return Table(
        (*table.headings, *headings), tuple((*row, *more) for row, more in zip(table.rows, shares, strict=True))
    )


def shares_of(report: ScoreReport, gtv: ScoreReport) -> tuple[str, ...]:
    """Return a method's shares of the GTV's captured origins by each rule, and of its volume, in per cent."""
    captured = [[of.overall[f"origins_captured_by_{rule}"] for of in (report, gtv)] for rule in RULES]
    medians = [of.structures[STRUCTURE]["median_prediction_cc"] for of in (report, gtv)]
    sums = [float(values_of(of.cases, "prediction_cc").sum()) for of in (report, gtv)]
    return tuple(_percent(*pair) for pair in (*captured, medians, sums))


def tests_against_the_gtv(comparison: Comparison) -> Table:
    """Return the table of p values of each method against the GTV: the paper's test, then the one for paired values."""
    gtv = (GTV, gtv_of(comparison))
    rows = []
    for method in comparison.methods:
        if method.name != GTV:
            differences = differences_between((method.name, method.report), gtv)
            captures = captures_between((method.name, method.report), gtv)
            pairs = [(one.paired_t_p, one.wilcoxon_p) for one in differences]
            pairs += [(one.fisher_p, one.mcnemar_p) for one in captures]
            rows.append((method.name, *(" / ".join(map(_p, pair)) for pair in pairs)))
    captured = (f"{unit}, {rule}: Fisher / McNemar" for rule in RULES for unit in ("patients", "origins"))
    headings = ("p against the GTV", "DSC: paired t / Wilcoxon", "volume: paired t / Wilcoxon", *captured)
    return Table(headings, tuple(rows))


def gtv_of(comparison: Comparison) -> ScoreReport:
    """Return the score of the GTV as a prediction."""
    return next(method.report for method in comparison.methods if method.name == GTV)


def _percent(value: MaybeNumber, of: MaybeNumber) -> str:
    return _NONE if value is None or not of else f"{100 * value / of:.0f}"


def _p(value: MaybeNumber) -> str:
    if value is None:
        return _NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
