"""Summary of grades: values whose names are the keys of its JSON file, and stay as they are.

```
structures.GTVp              grades of the cases as they are, by structure
  cases                      number of graded cases
  usable_share.A             fraction with grade 3 or more, by observer; usable_share_interval, mean_usable_share
  mean_grade.A
  quadratic_kappa.A vs B     weighted kappa of each pair of observers; quadratic_kappa_interval, both_graded
  measures.dsc.A             correlation of an observer's grades with a measure: spearman and pearson, each with
                             r, p, interval and cases
perturbed.GTVp               the same of perturbed cases; empty without
flows[]                      structure, one, other, of, counts[5][5]
bootstrap.draws, .seed       settings of the intervals
```

Intervals hold 95 % of the draws of the cases. An undefined value is null.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hnseg.records import Frozen
from hnseg.robustness.grading.flows import Flow, by_structure, flows_between_observers, flows_under_perturbation
from hnseg.robustness.grading.grades_csv import Grade
from hnseg.robustness.grading.measure_correlations import MeasureCorrelation, measure_correlations
from hnseg.robustness.grading.measures_csv import Measures
from hnseg.robustness.grading.observers import Agreement, agreement_of, by_observer


class Bootstrap(Frozen):
    """Settings of the bootstrap."""

    draws: int
    seed: int


class GradedStructure(Agreement):
    """Grades of one structure, and what they go with."""

    measures: dict[str, dict[str, MeasureCorrelation]]


class GradingSummary(Frozen):
    """Results of a clinical grading."""

    structures: dict[str, GradedStructure]
    perturbed: dict[str, GradedStructure]
    flows: tuple[Flow, ...]
    bootstrap: Bootstrap


def summarise_grades(
    grades: Sequence[Grade], measures: Measures | None = None, *, draws: int = 1000, seed: int = 0
) -> GradingSummary:
    """Return the results of a grading.

    Args:
        grades: Grades of all observers.
        measures: Measures of the same cases; None for none.
        draws: Number of draws of the bootstrap.
        seed: Seed of the draws; the same gives the same intervals.
    """
    rng = np.random.default_rng(seed)

    def graded(some: Sequence[Grade]) -> dict[str, GradedStructure]:
        """Return the values of some grades by structure."""
        return {
            name: _graded(name, own, measures or {}, rng, draws) for name, own in sorted(by_structure(some).items())
        }

    return GradingSummary(
        structures=graded([grade for grade in grades if grade.variant.is_baseline]),
        perturbed=graded([grade for grade in grades if not grade.variant.is_baseline]),
        flows=(*flows_between_observers(grades), *flows_under_perturbation(grades)),
        bootstrap=Bootstrap(draws=draws, seed=seed),
    )


def _graded(
    structure: str, grades: Sequence[Grade], measures: Measures, rng: np.random.Generator, draws: int
) -> GradedStructure:
    given = by_observer(grades)
    agreement = agreement_of(given, rng, draws=draws)
    return GradedStructure(
        **agreement.model_dump(), measures=measure_correlations(structure, given, measures, rng, draws=draws)
    )
