"""Correlations of descriptors with the lost Dice score, over the cases whose reference is not empty.

Every descriptor is tested in every cell by Pearson's r. There are two corrections by Benjamini and Hochberg: q with all
tests as one family, and q_by_structure with a family for each structure. Where nearly every case fails, the lost score
is the baseline's, and what correlates with that correlates with the loss; such tests are marked, and the correlation
with the lost fraction stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.statistics.correlation import Correlation, pearson
from hnseg.evaluation.statistics.multiple_testing import benjamini_hochberg
from hnseg.records import Frozen, MaybeNumber
from hnseg.robustness.results.pairs import PairedScores
from hnseg.robustness.scores.record import Outcome

ALPHA = 0.05
"""Value that q must be below to be significant."""
ALL_FAIL = 0.9
"""Fraction of failures from which on the lost score is taken for the baseline's."""


class DescriptorCorrelation(Frozen):
    """Correlation of one descriptor with the lost Dice score of one structure in one variant."""

    descriptor: str
    modality: str
    kind: str
    severity: int
    structure: str
    cases: int
    r: MaybeNumber
    p: MaybeNumber
    q: MaybeNumber
    q_by_structure: MaybeNumber
    relative_r: MaybeNumber
    """Correlation with the lost fraction of the baseline's score."""
    relative_p: MaybeNumber
    relative_q: MaybeNumber
    """Corrected with all tests as one family."""
    loss_is_baseline: bool
    """Whether nearly every case fails, so that the lost score is the baseline's."""

    @property
    def is_significant(self) -> bool:
        """Whether q is below alpha with all tests as one family."""
        return _is_below_alpha(self.q)


class CorrelationCounts(Frozen):
    """Numbers of tests and of those that are significant."""

    tests: int
    one_family: int
    by_structure: dict[str, int]
    relative: int
    """Of the correlations with the lost fraction, with all tests as one family."""
    loss_is_baseline: int
    """Of those significant in one family, the ones in which nearly every case fails."""


@dataclass(frozen=True)
class _Test:
    """Test of one descriptor in one cell."""

    descriptor: str
    pair: PairedScores
    loss: Correlation
    relative: Correlation


def correlations_of(pairs: Sequence[PairedScores]) -> tuple[DescriptorCorrelation, ...]:
    """Return the correlation of each descriptor in each cell, descriptor by descriptor; none without descriptors."""
    tests = [_test(name, pair) for name in _descriptor_names(pairs) for pair in pairs]
    p = np.array([test.loss.p for test in tests])
    q = (
        benjamini_hochberg(p),
        _q_by_structure(p, [test.pair.structure for test in tests]),
        benjamini_hochberg([test.relative.p for test in tests]),
    )
    return tuple(_reported(test, *values) for test, *values in zip(tests, *q, strict=True))


def _descriptor_names(pairs: Sequence[PairedScores]) -> list[str]:
    records = [record for pair in pairs for record in (*pair.baseline, *pair.perturbed)]
    return list(dict.fromkeys(name for record in records for name in record.descriptors))


def _test(descriptor: str, pair: PairedScores) -> _Test:
    has = pair.has_reference
    values = pair.descriptor(descriptor)[has]
    return _Test(descriptor, pair, pearson(values, pair.delta[has]), pearson(values, pair.relative_delta[has]))


def _reported(test: _Test, q: float, q_by_structure: float, relative_q: float) -> DescriptorCorrelation:
    variant = test.pair.variant
    return DescriptorCorrelation(
        descriptor=test.descriptor,
        modality=variant.modality,
        kind=variant.kind,
        severity=variant.severity,
        structure=test.pair.structure,
        cases=test.loss.count,
        r=test.loss.r,
        p=test.loss.p,
        q=q,
        q_by_structure=q_by_structure,
        relative_r=test.relative.r,
        relative_p=test.relative.p,
        relative_q=relative_q,
        loss_is_baseline=_nearly_all_fail(test.pair),
    )


def count_correlations(correlations: Sequence[DescriptorCorrelation]) -> CorrelationCounts:
    """Return how many tests there are, and how many are significant by each correction."""
    by_structure = dict.fromkeys((one.structure for one in correlations), 0)
    for one in correlations:
        by_structure[one.structure] += _is_below_alpha(one.q_by_structure)
    significant = [one for one in correlations if one.is_significant]
    return CorrelationCounts(
        tests=sum(one.p is not None for one in correlations),
        one_family=len(significant),
        by_structure=by_structure,
        relative=sum(_is_below_alpha(one.relative_q) for one in correlations),
        loss_is_baseline=sum(one.loss_is_baseline for one in significant),
    )


def _is_below_alpha(q: MaybeNumber) -> bool:
    return q is not None and q < ALPHA


def _q_by_structure(p: npt.NDArray[np.float64], structures: Sequence[str]) -> npt.NDArray[np.float64]:
    q, of = np.full(len(p), np.nan), np.array(structures)
    for structure in set(structures):
        q[of == structure] = benjamini_hochberg(p[of == structure])
    return q


def _nearly_all_fail(pair: PairedScores) -> bool:
    outcomes = [record.outcome for record in pair.perturbed if record.reference_mm3 > 0]
    return outcomes.count(Outcome.MISSED) >= ALL_FAIL * len(outcomes) > 0
