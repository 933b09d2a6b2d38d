"""Pairs of a variant's scores with those of the baseline, for one structure over cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hnseg.errors import InputError
from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairedScores:
    """Scores of one structure in a variant and in the baseline, of n cases.

    Attributes:
        variant: The variant.
        structure: Name of the structure.
        baseline: Records of the baseline, (n,).
        perturbed: Records of the same cases in the variant, (n,).
    """

    variant: Variant
    structure: str
    baseline: tuple[ScoreRecord, ...]
    perturbed: tuple[ScoreRecord, ...]

    @cached_property
    def baseline_dice(self) -> Array:
        """Dice scores of the baseline, (n,); NaN where both sides are empty."""
        return np.array([record.dice for record in self.baseline])

    @cached_property
    def delta(self) -> Array:
        """Dice score of the baseline less that of the variant, (n,); NaN where either is undefined."""
        delta: Array = self.baseline_dice - np.array([record.dice for record in self.perturbed])
        return delta

    @cached_property
    def relative_delta(self) -> Array:
        """Fraction of the baseline's Dice score that is lost, (n,); NaN where the baseline's is 0 or undefined."""
        found = self.baseline_dice > 0
        relative: Array = np.divide(self.delta, self.baseline_dice, out=np.full(len(found), np.nan), where=found)
        return relative

    @cached_property
    def has_reference(self) -> npt.NDArray[np.bool_]:
        """Whether each case has the structure, (n,)."""
        return np.array([record.reference_mm3 > 0 for record in self.baseline], bool)

    def descriptor(self, name: str) -> Array:
        """Return a descriptor of the references, (n,), NaN where there is none.

        It is that of the baseline's record, or where this has none, of the variant's.
        """
        values = [
            (one.descriptors.get(name, np.nan), other.descriptors.get(name, np.nan))
            for one, other in zip(self.baseline, self.perturbed, strict=True)
        ]
        return np.array([other if np.isnan(one) else one for one, other in values], np.float64)


def pair_scores(records: Sequence[ScoreRecord]) -> list[PairedScores]:
    """Pair every variant with the baseline.

    Args:
        records: Records of a study, in any order.

    Returns:
        Pairs by kind, severity, modality and structure, each in the order in which it first occurs, severities from low
        to high; cases sorted by name.

    Raises:
        InputError: There is no variant, a variant's case has no baseline, or their references have different volumes.
    """
    baseline = {(one.case, one.structure): one for one in records if one.variant == BASELINE}
    groups: dict[tuple[Variant, str], list[ScoreRecord]] = {}
    for record in records:
        if not record.variant.is_baseline:
            _check_pair(record, baseline.get((record.case, record.structure)))
            groups.setdefault((record.variant, record.structure), []).append(record)
    if not groups:
        raise InputError(
            f"The scores of a study must have perturbed rows, but all {len(records)} are of the baseline."
            " Is the file complete?"
        )
    return [_paired(*key, groups[key], baseline) for key in _ordered(groups)]


def _check_pair(record: ScoreRecord, baseline: ScoreRecord | None) -> None:
    named = f"{record.structure} of {record.case}"
    if baseline is None:
        raise InputError(
            f"Every score must have one of the baseline beside it, with the kind none and the severity 0, but {named}"
            f" has only {record.variant}. Are the rows of the baseline missing?"
        )
    if (baseline.reference_mm3 > 0) != (record.reference_mm3 > 0):
        raise InputError(
            f"A reference must be the same in every variant, but {named} has {baseline.reference_mm3:g} mm3 in the"
            f" baseline and {record.reference_mm3:g} mm3 in {record.variant}. Are two studies mixed?"
        )


def _ordered(groups: dict[tuple[Variant, str], list[ScoreRecord]]) -> list[tuple[Variant, str]]:
    """Return the keys of the groups in the order of the results."""
    kinds = list(dict.fromkeys(variant.kind for variant, _ in groups))
    modalities = list(dict.fromkeys(variant.modality for variant, _ in groups))
    structures = list(dict.fromkeys(structure for _, structure in groups))

    def place(key: tuple[Variant, str]) -> tuple[int, ...]:
        """Return the place of a key among the others."""
        variant, structure = key
        modality = modalities.index(variant.modality)
        return kinds.index(variant.kind), variant.severity, modality, structures.index(structure)

    return sorted(groups, key=place)


def _paired(
    variant: Variant, structure: str, group: list[ScoreRecord], baseline: dict[tuple[str, str], ScoreRecord]
) -> PairedScores:
    perturbed = tuple(sorted(group, key=lambda record: record.case))
    return PairedScores(variant, structure, tuple(baseline[one.case, structure] for one in perturbed), perturbed)
