"""Cells of a study: for each variant and structure the lost Dice score over cases, its test and the failures.

Differences are those of the baseline less the variant, so that a loss is positive. Wilcoxon's signed-rank test is
two-sided, over the cases whose reference is not empty, without differences of zero; q is of Benjamini and Hochberg over
all cells. Source of the protocol: Schanne, Cuenot et al., on the robustness of a network on HECKTOR 2022, whose text
leaves these choices open; docs/methods.md names them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hnseg.evaluation.statistics.multiple_testing import benjamini_hochberg
from hnseg.evaluation.statistics.signed_rank import signed_rank_test
from hnseg.records import Frozen, MaybeNumber
from hnseg.robustness.results.outcomes import count_outcomes
from hnseg.robustness.results.pairs import PairedScores
from hnseg.robustness.results.spread import Spread, quantile_of, spread_of

LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
"""Values that q is below, and the stars for it."""


class Cell(Frozen):
    """Result of one structure in one variant over cases."""

    modality: str
    kind: str
    severity: int
    structure: str
    cases: int
    cases_nonempty: int
    """Cases whose reference is not empty."""
    median_delta: MaybeNumber
    """Median of the lost Dice score over all cases in which it is defined."""
    median_delta_nonempty: MaybeNumber
    median_relative_delta: MaybeNumber
    """Median of the lost fraction of the baseline's Dice score, over the cases in which that is not 0."""
    complete_failures: int
    """Cases with a reference and a Dice score of 0."""
    refused: int
    """Cases whose image the container refused, each with the scores of an empty label map."""
    p: MaybeNumber
    q: MaybeNumber
    outcomes: dict[str, int]
    measures: dict[str, Spread]
    """Median and interquartile range of each other measure in the variant, over the cases with a reference."""

    @property
    def stars(self) -> str:
        """Stars of significance, ns without."""
        return stars_of(self.q)


def stars_of(q: MaybeNumber) -> str:
    """Return the stars for a q value.

    >>> stars_of(0.0005), stars_of(0.01), stars_of(0.05), stars_of(None)
    ('***', '*', 'ns', 'ns')
    """
    return "ns" if q is None else next((stars for level, stars in LEVELS if q < level), "ns")


def cells_of(pairs: Sequence[PairedScores]) -> tuple[Cell, ...]:
    """Return the cell of each variant and structure, in their order; they are one family of tests."""
    p = np.array([_p_of(pair) for pair in pairs])
    return tuple(_cell(pair, *values) for pair, *values in zip(pairs, p, benjamini_hochberg(p), strict=True))


def _p_of(pair: PairedScores) -> float:
    """Return the p value of a pair's differences; NaN without a case that has the structure."""
    differences = pair.delta[pair.has_reference]
    if not len(differences):
        return float("nan")
    return float(signed_rank_test(differences, np.ones((1, len(differences)))).p[0])


def _cell(pair: PairedScores, p: float, q: float) -> Cell:
    outcomes = count_outcomes(pair.perturbed)
    has = pair.has_reference
    names = dict.fromkeys(name for record in pair.perturbed for name in record.measures)
    return Cell(
        modality=pair.variant.modality,
        kind=pair.variant.kind,
        severity=pair.variant.severity,
        structure=pair.structure,
        cases=len(pair.perturbed),
        cases_nonempty=int(has.sum()),
        median_delta=quantile_of(pair.delta, 0.5),
        median_delta_nonempty=quantile_of(pair.delta[has], 0.5),
        median_relative_delta=quantile_of(pair.relative_delta[has], 0.5),
        complete_failures=outcomes["missed"],
        refused=sum(one.refused for one in pair.perturbed),
        p=p,
        q=q,
        outcomes=outcomes,
        measures={
            name: spread_of([one.measures.get(name, np.nan) for one in pair.perturbed if one.reference_mm3 > 0])
            for name in names
        },
    )
