"""Tables of a comparison: the methods as in Table 1 of Kutnár et al. 2023, their intervals, and the tests."""

from __future__ import annotations

from hnseg.evaluation.recurrence.comparison import Comparison, MethodScore
from hnseg.evaluation.recurrence.intervals import Interval
from hnseg.evaluation.recurrence.patient_score import STRUCTURE
from hnseg.evaluation.recurrence.summary import RULES
from hnseg.evaluation.report import Metrics
from hnseg.evaluation.tables import UNDEFINED, Table
from hnseg.records import MaybeNumber

_MEASURES = {"dsc": "DSC", "prediction_cc": "volume, cc"}
_SPREAD = {**_MEASURES, "recall": "recall", "precision": "precision"}
_DIGITS_BELOW_CC = 10  # a volume of fewer has a decimal


def methods_table(comparison: Comparison) -> Table:
    """Return the table of the methods: medians with quartiles, and captured origins and patients by both rules."""
    columns = (f"{title}, median (IQR)" for title in _SPREAD.values())
    captured = (f"{unit}, {rule}" for unit in ("origins", "patients") for rule in RULES)
    rows = (_reference_row(comparison.methods[0]), *map(_method_row, comparison.methods))
    return Table(("method", *columns, *captured), rows)


def intervals_table(comparison: Comparison) -> Table:
    """Return the table of the methods' 95 % intervals over patients."""
    headings = ("method", "median DSC", "median volume, cc", *(f"share of origins, {rule}" for rule in RULES))
    return Table(headings, tuple(_intervals_row(method) for method in comparison.methods))


def differences_table(comparison: Comparison) -> Table:
    """Return the table of the differences of Dice and volume: one row for each other method and measure."""
    headings = ("methods", "measure", "patients", "mean difference (95 %)", "p, paired t", "p, Wilcoxon")
    rows = tuple(
        (
            f"{one.first} - {one.other}",
            _MEASURES[one.measure],
            str(one.patients),
            f"{_signed(one.measure, one.mean)} ({_signed(one.measure, one.low)} to {_signed(one.measure, one.high)})",
            _p(one.paired_t_p),
            _p(one.wilcoxon_p),
        )
        for one in comparison.differences
    )
    return Table(headings, rows, naming_columns=2)


def captures_table(comparison: Comparison) -> Table:
    """Return the table of the tests of captures: one row for each other method, rule and unit."""
    headings = ("methods", "rule", "captured", "first", "other", "of", "p, Fisher", "p, McNemar")
    rows = tuple(
        (
            f"{one.first} - {one.other}",
            one.rule,
            one.unit,
            str(one.first_captured),
            str(one.other_captured),
            str(one.of),
            _p(one.fisher_p),
            _p(one.mcnemar_p),
        )
        for one in comparison.captures
    )
    return Table(headings, rows, naming_columns=3)


def explanation(comparison: Comparison) -> list[str]:
    """Return sentences on what the tables hold and on empty label maps."""
    counts = comparison.methods[0].report.overall
    lines = [
        "centre: the voxel at a recurrence's centre of volume; core: what erosion leaves of it. A patient is captured"
        " where any of his origins is. Fisher's test and the paired t test are the paper's; p values are not corrected."
    ]
    lines += [_empties(method) for method in comparison.methods if method.report.overall["empty_predictions"]]
    if counts["empty_references"]:
        lines.append(f"Patients without a recurrence: {counts['empty_references']} of {counts['patients']}.")
    if comparison.sweep is not None:
        sweep = comparison.sweep
        lines.append(
            f"The mean DSC of the SUVmax threshold is largest at {sweep.best_percent} % of these"
            f" {sweep.curve.patients} patients, the brain left out in {sweep.patients_with_brain}; chosen on the"
            " patients that it is reported for, a threshold is flattered."
        )
    return [*lines, *comparison.notes]


def _empties(method: MethodScore) -> str:
    counts = method.report.overall
    return (
        f"{method.name} predicts nothing in {counts['empty_predictions']} of {counts['patients']} patients: DSC 0, or"
        f" undefined in the {counts['both_empty']} without a recurrence; precision undefined."
    )


def _reference_row(method: MethodScore) -> tuple[str, ...]:
    values, counts = method.report.structures[STRUCTURE], method.report.overall
    origins, patients = f"{counts['origins']}", f"{counts['patients_with_origins']}"
    volume = _median_iqr(values, "reference_cc")
    return ("reference", "", volume, "", "", *(origins for _ in RULES), *(patients for _ in RULES))


def _method_row(method: MethodScore) -> tuple[str, ...]:
    values, counts = method.report.structures[STRUCTURE], method.report.overall
    spread = (_median_iqr(values, measure) for measure in _SPREAD)
    captured = (str(counts[f"{unit}_captured_by_{rule}"]) for unit in ("origins", "patients") for rule in RULES)
    return (method.name, *spread, *captured)


def _intervals_row(method: MethodScore) -> tuple[str, ...]:
    of = method.intervals
    return (
        method.name,
        _range("dsc", of["median_dsc"]),
        _range("prediction_cc", of["median_prediction_cc"]),
        *(_range("share", of[f"captured_by_{rule}"]) for rule in RULES),
    )


def _median_iqr(values: Metrics, measure: str) -> str:
    median, low, high = (_text(measure, values[f"{name}_{measure}"]) for name in ("median", "q1", "q3"))
    return median if median == UNDEFINED else f"{median} ({low}, {high})"


def _range(measure: str, interval: Interval) -> str:
    low, high = (_text(measure, value) for value in interval)
    return low if low == UNDEFINED else f"{low} to {high}"


def _signed(measure: str, value: MaybeNumber) -> str:
    text = _text(measure, value)
    return f"+{text}" if value is not None and value > 0 else text


def _text(measure: str, value: MaybeNumber) -> str:
    """Return a value: a volume with a decimal below 10 cc, a fraction with two."""
    if value is None:
        return UNDEFINED
    if measure.endswith("_cc"):
        return f"{value:.1f}" if abs(value) < _DIGITS_BELOW_CC else f"{value:.0f}"
    return f"{value:.2f}"


def _p(value: MaybeNumber) -> str:
    if value is None:
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
