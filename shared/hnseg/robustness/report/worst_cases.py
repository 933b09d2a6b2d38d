"""Worst cases of a study: for each kind of perturbation and image, who lost most at the lowest severity.

At the highest severities nearly all is lost everywhere; where a mild change does harm, there is something to learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.robustness.results.pairs import PairedScores
from hnseg.robustness.scores.record import Variant


@dataclass(frozen=True)
class WorstCase:
    """Structure of a case that lost most in a variant.

    Attributes:
        case: Name of the case.
        structure: Name of the structure.
        variant: The variant.
        baseline_dice: Dice score of the baseline.
        dice: Dice score in the variant.
        reference_mm3: Volume of the reference.
    """

    case: str
    structure: str
    variant: Variant
    baseline_dice: float
    dice: float
    reference_mm3: float

    @property
    def loss(self) -> float:
        """Lost Dice score."""
        return self.baseline_dice - self.dice


def worst_cases(pairs: Sequence[PairedScores]) -> list[WorstCase]:
    """Return the worst case of each kind and image at its lowest severity, the largest loss first."""
    lowest: dict[tuple[str, str], int] = {}
    for pair in pairs:
        place = (pair.variant.kind, pair.variant.modality)
        lowest[place] = min(pair.variant.severity, lowest.get(place, pair.variant.severity))
    found = []
    for (kind, modality), severity in lowest.items():
        variant = Variant(modality, kind, severity)
        of_variant = [worst for pair in pairs if pair.variant == variant and (worst := _worst_of(pair)) is not None]
        found += [max(of_variant, key=lambda worst: worst.loss)] if of_variant else []
    return sorted(found, key=lambda worst: -worst.loss)


def _worst_of(pair: PairedScores) -> WorstCase | None:
    losses = np.where(pair.has_reference, pair.delta, -np.inf)
    if not np.isfinite(losses).any():
        return None
    at = int(losses.argmax())
    before, after = pair.baseline[at], pair.perturbed[at]
    return WorstCase(after.case, pair.structure, pair.variant, before.dice, after.dice, after.reference_mm3)
