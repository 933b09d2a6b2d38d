"""Summary of a study: values whose names are the keys of its JSON file, and stay as they are.

```
cases                        number of cases
structures.GTVp              the baseline over cases, by structure
  cases, cases_nonempty      all, and those whose reference is not empty
  mean_dsc, dsc              mean; median and interquartile range, over all
  mean_dsc_nonempty, dsc_nonempty    the same over the cases with a reference
  outcomes.found, .missed, .spurious, .both_empty
  measures.hd95_mm           median and interquartile range over all, infinite distances counted
cells[]                      one variant and structure over cases
  modality, kind, severity, structure, cases, cases_nonempty
  median_delta, median_delta_nonempty, median_relative_delta
  complete_failures, refused, p, q, outcomes, measures
correlations[]               one descriptor in one cell
  descriptor, modality, kind, severity, structure, cases
  r, p, q, q_by_structure    with the lost DSC
  relative_r, relative_p, relative_q    with the lost fraction of the baseline's score
  loss_is_baseline           whether nearly every case fails
correlation_counts           numbers of tests and of significant ones
notes[]                      remarks, a sentence each
```

An undefined value is null, and so is an infinite one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hnseg.records import Frozen, MaybeNumber
from hnseg.robustness.results.cells import Cell, cells_of
from hnseg.robustness.results.correlations import (
    CorrelationCounts,
    DescriptorCorrelation,
    correlations_of,
    count_correlations,
)
from hnseg.robustness.results.outcomes import count_outcomes
from hnseg.robustness.results.pairs import PairedScores, pair_scores
from hnseg.robustness.results.spread import Spread, spread_of
from hnseg.robustness.scores.record import BASELINE, ScoreRecord


class StructureBaseline(Frozen):
    """Scores of one structure in the cases as they are."""

    cases: int
    cases_nonempty: int
    mean_dsc: MaybeNumber
    dsc: Spread
    mean_dsc_nonempty: MaybeNumber
    dsc_nonempty: Spread
    outcomes: dict[str, int]
    measures: dict[str, Spread]


class RobustnessSummary(Frozen):
    """Results of a study of robustness."""

    cases: int
    structures: dict[str, StructureBaseline]
    cells: tuple[Cell, ...]
    correlations: tuple[DescriptorCorrelation, ...]
    correlation_counts: CorrelationCounts
    notes: tuple[str, ...]


def summarise(records: Sequence[ScoreRecord]) -> RobustnessSummary:
    """Return the results of a study.

    Args:
        records: A record for each structure of each variant of each case, and for each of the baseline.

    Raises:
        InputError: There is no variant, a variant's case has no baseline, or a reference differs between the two.
    """
    pairs = pair_scores(records)
    baseline = [record for record in records if record.variant == BASELINE]
    correlations = correlations_of(pairs)
    counts = count_correlations(correlations)
    return RobustnessSummary(
        cases=len({record.case for record in records}),
        structures={
            name: _baseline_of([record for record in baseline if record.structure == name])
            for name in dict.fromkeys(record.structure for record in baseline)
        },
        cells=cells_of(pairs),
        correlations=correlations,
        correlation_counts=counts,
        notes=tuple(_notes(pairs, baseline, counts)),
    )


def _baseline_of(records: Sequence[ScoreRecord]) -> StructureBaseline:
    dice = np.array([record.dice for record in records])
    nonempty = np.array([record.dice for record in records if record.reference_mm3 > 0])
    names = dict.fromkeys(name for record in records for name in record.measures)
    return StructureBaseline(
        cases=len(records),
        cases_nonempty=len(nonempty),
        mean_dsc=_mean(dice),
        dsc=spread_of(dice),
        mean_dsc_nonempty=_mean(nonempty),
        dsc_nonempty=spread_of(nonempty),
        outcomes=count_outcomes(records),
        measures={name: spread_of([record.measures.get(name, np.nan) for record in records]) for name in names},
    )


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _notes(pairs: Sequence[PairedScores], baseline: Sequence[ScoreRecord], counts: CorrelationCounts) -> Iterator[str]:
    yield from _on_cells(pairs, baseline)
    yield from _on_refused(pairs)
    if counts.loss_is_baseline:
        yield (
            f"{counts.loss_is_baseline} of {counts.one_family} significant correlations are in cells in which nearly"
            " every case fails: there the lost DSC is the baseline's, and they say what correlates with that."
        )


def _on_cells(pairs: Sequence[PairedScores], baseline: Sequence[ScoreRecord]) -> Iterator[str]:
    of_structure = Counter(one.structure for one in baseline)
    incomplete = sum(len(pair.perturbed) < of_structure[pair.structure] for pair in pairs)
    if incomplete:
        yield f"{incomplete} of {len(pairs)} cells lack cases that the baseline has; each is over the cases it has."
    undefined = sum(bool(np.isnan(pair.delta).any()) for pair in pairs)
    if undefined:
        yield (
            f"In {undefined} of {len(pairs)} cells a DSC is undefined, since reference and prediction are empty;"
            " median_delta is over the other cases."
        )


def _on_refused(pairs: Sequence[PairedScores]) -> Iterator[str]:
    counts = {pair.variant: sum(one.refused for one in pair.perturbed) for pair in pairs}
    refused = ", ".join(f"{variant} ({count} cases)" for variant, count in counts.items() if count)
    if refused:
        yield f"Images that the container refused count as an empty label map: {refused}. No network saw them."
