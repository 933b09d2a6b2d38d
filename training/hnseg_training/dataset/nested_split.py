"""Outer part of a nested cross-validation: patients kept for its test, and inner folds of all others.

Every patient is tested once over all outer parts. Within a part the networks, and what is chosen of them, know only the
inner folds, so that the test says what that whole way of training reaches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.errors import InputError
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.splits import FOLDS, Patient, Split, by_name, random_folds

_NUMBER = r"([1-9][0-9]{0,3})"
_NAMED = re.compile(rf"nested:{_NUMBER}/{_NUMBER}(?::{_NUMBER})?")


@dataclass(frozen=True)
class OuterPart:
    """Outer part of a nested cross-validation, of which another work folder has each other part.

    Attributes:
        part: Number of the part that is tested, counted from 1.
        parts: Number of outer parts, 2 or more.
        folds: Number of inner folds, 2 or more.
    """

    part: int
    parts: int
    folds: int = FOLDS

    @classmethod
    def named(cls, text: str) -> OuterPart:
        """Return the part that a text such as nested:2/5 names, or nested:2/5:3 with three inner folds.

        Raises:
            InputError: It names none.

        >>> OuterPart.named("nested:2/5")
        OuterPart(part=2, parts=5, folds=5)
        """
        match = _NAMED.fullmatch(text)
        part, parts, folds = (int(number or FOLDS) for number in match.groups()) if match else (0, 0, 0)
        if part > parts or parts < 2 or folds < 2:
            raise InputError(
                "A nested split must be a part of two or more, counted from 1, such as nested:2/5 for the second of"
                f" five, with two inner folds or more, such as nested:2/5:3 for three; found {text!r}."
            )
        return cls(part, parts, folds)

    def deal(self, patients: Sequence[Patient], *, seed: int) -> tuple[list[Split], list[str]]:
        """Return the inner folds, dealt at random, and the names of the patients of this part.

        The same patients and seed give the same parts, whatever the patients' order, and parts of one seed share no
        patient.

        Args:
            patients: Patients of all parts.
            seed: Seed of the parts and of the inner folds.

        Returns:
            `train` and `val` samples of each inner fold, sorted; names of the patients kept for the test, sorted.

        Raises:
            InputError: There are fewer patients than parts, or fewer than inner folds are left.
        """
        ordered = by_name(patients)
        dealt = np.array_split(np.random.default_rng(seed).permutation(len(ordered)), self.parts)
        largest, smallest = len(dealt[0]), len(dealt[-1])
        if not (smallest and len(ordered) - largest >= self.folds):  # whichever the part is
            raise InputError(
                f"A nested cross-validation needs a patient for each of {self.parts} parts, and beside a part one for"
                f" each of {self.folds} inner folds, but {len(patients)} were found. Is the data set complete?"
            )
        kept = {ordered[index].name for index in dealt[self.part - 1]}
        others = [patient for patient in ordered if patient.name not in kept]
        return random_folds(others, self.folds, seed=seed), sorted(kept)


def split_named(text: str) -> Shares | OuterPart:
    """Return how patients are dealt by a text: the shares of 6:2:2, or the outer part of nested:2/5.

    Raises:
        InputError: It says nothing of the kind.
    """
    return OuterPart.named(text) if text.startswith("nested") else Shares.named(text)
