"""Agreement of observers on one structure: usable share of each, and the kappa of every pair, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.statistics.agreement import quadratic_kappa
from hnseg.evaluation.statistics.intervals import bootstrap_interval
from hnseg.records import Frozen, MaybeNumber
from hnseg.robustness.grading.grades_csv import GRADES, LEAST_USABLE, Grade, Item

GradesOf = Mapping[str, Mapping[Item, int]]
"""Grades of each observer by case and variant."""

Interval = tuple[MaybeNumber, MaybeNumber]
"""Ends of an interval that holds 95 % of the draws."""


class Agreement(Frozen):
    """Grades of one structure by all observers."""

    cases: int
    usable_share: dict[str, MaybeNumber]
    """Fraction of the cases with grade 3 or more, by observer."""
    usable_share_interval: dict[str, Interval]
    mean_usable_share: MaybeNumber
    """Mean of the observers' fractions."""
    mean_grade: dict[str, MaybeNumber]
    quadratic_kappa: dict[str, MaybeNumber]
    """Kappa of each pair of observers, over the cases that both graded; the key is `A vs B`."""
    quadratic_kappa_interval: dict[str, Interval]
    both_graded: dict[str, int]
    """Number of cases that both of a pair graded."""


def by_observer(grades: Sequence[Grade]) -> GradesOf:
    """Return the grades of each observer, observers sorted by name."""
    found: dict[str, dict[Item, int]] = {name: {} for name in sorted({grade.observer for grade in grades})}
    for grade in grades:
        found[grade.observer][grade.item] = grade.grade
    return found


def pairs_of(grades: GradesOf) -> dict[str, tuple[str, str]]:
    """Return every pair of observers by its key.

    >>> pairs_of({"A": {}, "B": {}, "C": {}})
    {'A vs B': ('A', 'B'), 'A vs C': ('A', 'C'), 'B vs C': ('B', 'C')}
    """
    return {f"{one} vs {other}": (one, other) for one, other in combinations(grades, 2)}


def shared_grades(one: Mapping[Item, int], other: Mapping[Item, int]) -> tuple[list[int], list[int]]:
    """Return the grades of two observers for the cases that both graded."""
    items = sorted(one.keys() & other.keys())
    return [one[item] for item in items], [other[item] for item in items]


def agreement_of(grades: GradesOf, rng: np.random.Generator, *, draws: int) -> Agreement:
    """Return the agreement of the observers on one structure.

    Args:
        grades: Grades of each observer.
        rng: Source of randomness of the bootstrap.
        draws: Number of draws of the cases.
    """
    usable = {name: np.array(list(given.values())) >= LEAST_USABLE for name, given in grades.items()}
    both = {key: shared_grades(grades[one], grades[other]) for key, (one, other) in pairs_of(grades).items()}
    return Agreement(
        cases=len(set().union(*grades.values())),
        usable_share={name: float(each.mean()) for name, each in usable.items()},
        usable_share_interval={name: _interval_of_mean(each, rng, draws) for name, each in usable.items()},
        mean_usable_share=float(np.mean([each.mean() for each in usable.values()])),
        mean_grade={name: float(np.mean(list(given.values()))) for name, given in grades.items()},
        quadratic_kappa={key: quadratic_kappa(*pair, categories=GRADES) for key, pair in both.items()},
        quadratic_kappa_interval={key: _interval_of_kappa(pair, rng, draws) for key, pair in both.items()},
        both_graded={key: len(one) for key, (one, _) in both.items()},
    )


def _interval_of_mean(values: npt.NDArray[np.bool_], rng: np.random.Generator, draws: int) -> Interval:
    return bootstrap_interval(lambda drawn: float(values[drawn].mean()), len(values), rng, draws=draws)


def _interval_of_kappa(pair: tuple[list[int], list[int]], rng: np.random.Generator, draws: int) -> Interval:
    one, other = map(np.array, pair)
    return bootstrap_interval(
        lambda drawn: quadratic_kappa(one[drawn], other[drawn], categories=GRADES), len(one), rng, draws=draws
    )
