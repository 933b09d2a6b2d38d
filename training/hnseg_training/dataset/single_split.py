"""Single split of patients into those trained on, validated on, and kept for a test, by shares such as 6:2:2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.errors import InputError
from hnseg_training.dataset.splits import Patient, Split, by_name, split_of


@dataclass(frozen=True)
class Shares:
    """Shares of the patients, of any sum.

    Attributes:
        train: Share that is trained on, over 0.
        val: Share that is validated on, over 0.
        test: Share that is kept for a test; 0 keeps none.
    """

    train: int
    val: int
    test: int

    @classmethod
    def named(cls, text: str) -> Shares:
        """Return the shares that a text such as 6:2:2 names.

        Raises:
            InputError: It names none.

        >>> Shares.named("6:2:2")
        Shares(train=6, val=2, test=2)
        """
        parts = text.split(":")
        if len(parts) != 3 or not all(part.isdecimal() and len(part) < 5 for part in parts):
            raise _no_shares(text)
        train, val, test = map(int, parts)
        if not (train and val):
            raise _no_shares(text)
        return cls(train, val, test)

    def counts(self, patients: int) -> tuple[int, int]:
        """Return how many of some patients are validated on and kept for the test, each rounded to the nearest.

        >>> Shares(6, 2, 2).counts(37)
        (7, 7)
        """
        whole = self.train + self.val + self.test
        return round(patients * self.val / whole), round(patients * self.test / whole)

    def deal(self, patients: Sequence[Patient], *, seed: int) -> tuple[list[Split], list[str]]:
        """Return one fold of patients, dealt at random, and the names of those that are in no fold.

        The same patients and seed give the same split, whatever the patients' order.

        Args:
            patients: Patients.
            seed: Seed of the shuffle.

        Returns:
            The fold, with its `train` and `val` samples sorted; names of the patients kept for the test, sorted.

        Raises:
            InputError: There are too few patients for each share over 0 to have one.
        """
        val, test = self.counts(len(patients))
        if not (val and len(patients) - val - test > 0 and bool(test) == bool(self.test)):
            raise InputError(
                f"A split of {self.train}:{self.val}:{self.test} needs a patient for each share, but {len(patients)}"
                " were found. Is the data set complete?"
            )
        ordered = by_name(patients)
        dealt = [ordered[index] for index in np.random.default_rng(seed).permutation(len(ordered)).tolist()]
        kept, validated, trained = dealt[:test], dealt[test : test + val], dealt[test + val :]
        return [split_of(trained, validated)], sorted(patient.name for patient in kept)


def _no_shares(text: str) -> InputError:
    return InputError(
        "A split must be three whole numbers for training, validation and test, such as 6:2:2, of which only the last"
        f" may be 0, or a part of a nested cross-validation, such as nested:2/5; found {text!r}."
    )
