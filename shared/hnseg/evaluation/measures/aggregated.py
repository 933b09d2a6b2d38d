"""The score that HNTS-MRG 2024 and HECKTOR 2022 share: Dice aggregated over all cases, and its mean over structures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.evaluation.measures.overlap import Overlap, aggregated_dice, aggregated_metrics
from hnseg.evaluation.report import CaseScore, ScoreReport


@dataclass(frozen=True)
class Compared:
    """A case once it is compared.

    Attributes:
        name: The case.
        overlaps: By structure.
        notes: What was done to its files before, a sentence each.
    """

    name: str
    overlaps: Mapping[str, Overlap]
    notes: tuple[str, ...]


def aggregated_report(challenge: str, structures: Sequence[str], compared: Iterable[Compared]) -> ScoreReport:
    """Return the report over all cases.

    Args:
        challenge: Its name.
        structures: In the order of the report.
        compared: The cases.
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
        score_name="mean aggregated DSC",
        structures={structure: aggregated_metrics(of_all) for structure, of_all in overlaps.items()},
        cases=tuple(cases),
        notes=tuple(
            f"{structure} is in no reference and no prediction: its aggregated DSC is 0/0, and so is the mean."
            for structure, value in aggregated.items()
            if np.isnan(value)
        ),
    )
