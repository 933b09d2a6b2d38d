"""Score of HNTS-MRG 2024 and HECKTOR 2022: Dice aggregated over all cases, and its mean over the structures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.evaluation.measures.overlap import Overlap, aggregated_dice, aggregated_metrics
from hnseg.evaluation.report import CaseScore, ScoreReport


@dataclass(frozen=True)
class CaseOverlaps:
    """Overlaps of one case's structures with their references.

    Attributes:
        name: Name of the case.
        overlaps: Overlap of each structure by its name.
        notes: Changes made to the case's label maps before the comparison, a sentence each.
    """

    name: str
    overlaps: Mapping[str, Overlap]
    notes: tuple[str, ...]


def aggregated_report(challenge: str, structures: Sequence[str], compared: Iterable[CaseOverlaps]) -> ScoreReport:
    """Return the score report of aggregated Dice over all cases.

    Args:
        challenge: Name of the challenge.
        structures: Names of the structures, in the order of the report.
        compared: Overlaps of all cases; without any case every value is undefined.

    >>> half, exact = Overlap(1, 0, 2, 1.0), Overlap(4, 0, 0, 1.0)
    >>> cases = [CaseOverlaps("a", {"GTVp": half, "GTVn": exact}, ()), CaseOverlaps("b", {"GTVp": exact}, ())]
    >>> report = aggregated_report("hnts_mrg", ["GTVp", "GTVn"], cases)
    >>> report.structures["GTVp"]  # aggregated 2 * (1 + 4) / (1 + 3 + 4 + 4), mean of 1/2 and 1
    {'aggregated_dsc': 0.8333333333333334, 'mean_dsc': 0.75, 'cases_in_mean_dsc': 2}
    >>> round(report.score, 4)
    0.9167
    """
    cases: list[CaseScore] = []
    overlaps: dict[str, list[Overlap]] = {structure: [] for structure in structures}
    for case in compared:
        for structure, overlap in case.overlaps.items():
            overlaps[structure].append(overlap)
        metrics = {structure: overlap.metrics for structure, overlap in case.overlaps.items()}
        cases.append(CaseScore(name=case.name, structures=metrics, notes=case.notes))
    aggregated = {structure: aggregated_dice(of_all) for structure, of_all in overlaps.items()}
    return ScoreReport(
        challenge=challenge,
        score=float(np.mean(list(aggregated.values()))),
        score_name="mean DSCagg",
        structures={structure: aggregated_metrics(of_all) for structure, of_all in overlaps.items()},
        cases=tuple(cases),
        notes=tuple(
            f"{structure} is in no reference and no prediction: its DSCagg is 0/0, and so is the mean."
            for structure, value in aggregated.items()
            if np.isnan(value)
        ),
    )
