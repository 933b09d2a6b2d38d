"""Correlations of an observer's grades with the measures of the same cases, with intervals by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.statistics.correlation import Correlation, pearson, pearson_r, spearman, spearman_r
from hnseg.evaluation.statistics.intervals import bootstrap_interval
from hnseg.records import Frozen, MaybeNumber
from hnseg.robustness.grading.grades_csv import Item
from hnseg.robustness.grading.measures_csv import Measures
from hnseg.robustness.grading.observers import GradesOf, Interval

Array = npt.NDArray[np.float64]


class Coefficient(Frozen):
    """Correlation coefficient with its test and interval."""

    r: MaybeNumber
    p: MaybeNumber
    interval: Interval
    cases: int


class MeasureCorrelation(Frozen):
    """Correlations of one observer's grades with one measure."""

    spearman: Coefficient
    """Infinite distances count as the largest."""
    pearson: Coefficient
    """Over the cases in which the measure is finite."""


def measure_correlations(
    structure: str, grades: GradesOf, measures: Measures, rng: np.random.Generator, *, draws: int
) -> dict[str, dict[str, MeasureCorrelation]]:
    """Return the correlations by measure and observer, over the cases that have both a grade and the measure.

    Args:
        structure: Name of the structure.
        grades: Grades of each observer.
        measures: Values of all structures.
        rng: Source of randomness of the bootstrap.
        draws: Number of draws of the cases.
    """
    return {
        name: {observer: _correlation(structure, given, values, rng, draws) for observer, given in grades.items()}
        for name, values in measures.items()
        if any(of == structure for of, _ in values)
    }


def _correlation(
    structure: str,
    given: Mapping[Item, int],
    values: Mapping[tuple[str, Item], float],
    rng: np.random.Generator,
    draws: int,
) -> MeasureCorrelation:
    items = sorted(item for item in given if not np.isnan(values.get((structure, item), np.nan)))
    grades = np.array([given[item] for item in items], np.float64)
    measured = np.array([values[structure, item] for item in items], np.float64)
    is_finite = np.isfinite(measured)
    return MeasureCorrelation(
        spearman=_coefficient(spearman(grades, measured), spearman_r, grades, measured, rng, draws),
        pearson=_coefficient(pearson(grades, measured), pearson_r, grades[is_finite], measured[is_finite], rng, draws),
    )


def _coefficient(
    found: Correlation,
    coefficient: Callable[[Array, Array], float],
    one: Array,
    other: Array,
    rng: np.random.Generator,
    draws: int,
) -> Coefficient:
    interval = bootstrap_interval(lambda drawn: coefficient(one[drawn], other[drawn]), len(one), rng, draws=draws)
    return Coefficient(r=found.r, p=found.p, interval=interval, cases=found.count)
