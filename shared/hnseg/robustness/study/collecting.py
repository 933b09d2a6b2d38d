"""Collecting of a study's scores from the variants that are done, by this run and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hnseg.cohort.case import CohortCase
from hnseg.cohort.state.store import CaseStore
from hnseg.robustness.scores.record import ScoreRecord
from hnseg.robustness.scores.scores_csv import read_scores
from hnseg.robustness.study.variants import CaseVariant
from hnseg.robustness.study.work import SCORES_FILE


@dataclass(frozen=True)
class CollectedScores:
    """Scores of a study as far as it has been done.

    Attributes:
        records: Scores of the variants whose baseline is done too, cases and variants in the order of the study.
        missing: Number of variants that are left out: not done, or without a baseline.
    """

    records: tuple[ScoreRecord, ...]
    missing: int

    @property
    def has_variants(self) -> bool:
        """Whether there is anything but baselines."""
        return any(not record.variant.is_baseline for record in self.records)


def collect_scores(variants: Sequence[CohortCase], work_sha256: str, store: CaseStore) -> CollectedScores:
    """Return the scores of a study's variants.

    Args:
        variants: All cases of the study, in its order.
        work_sha256: Checksum of the work; what was done by another is left out.
        store: Store of results.

    Raises:
        InputError: The scores of a variant can't be read.
    """
    done = [case.name for case in variants if _is_done(case.name, work_sha256, store)]
    begun = {variant.case for variant in map(CaseVariant.named, done) if variant.is_baseline}
    names = [name for name in done if CaseVariant.named(name).case in begun]
    records = tuple(record for name in names for record in read_scores(store.output(name, SCORES_FILE)))
    return CollectedScores(records, len(variants) - len(names))


def _is_done(name: str, work_sha256: str, store: CaseStore) -> bool:
    status = store.status(name)
    return status is not None and status.status == "done" and status.work_sha256 == work_sha256
