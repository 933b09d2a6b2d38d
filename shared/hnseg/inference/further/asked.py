"""Numbers of members that an uncertainty is asked to have beyond the folds. Needs no torch, so that verbs may ask."""

from __future__ import annotations

from dataclasses import dataclass

from hnseg.errors import InputError


@dataclass(frozen=True)
class FurtherMembers:
    """Numbers of members to have beyond the folds, for the uncertainty alone.

    Attributes:
        dropout: Number of passes with Monte Carlo dropout, in all.
        tta: Number of test-time copies, in all: flips, noise, rotations.
    """

    dropout: int = 0
    tta: int = 0

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            InputError: One of them is negative.
        """
        if min(self.dropout, self.tta) < 0:
            raise InputError(
                "The numbers of dropout passes and of test-time copies must not be negative, but are"
                f" {self.dropout} and {self.tta}. Is a sign wrong?"
            )


NO_FURTHER = FurtherMembers()
"""No members but the folds."""
NO_UNCERTAINTY = (
    "An uncertainty is that of one model's folds, but several models were given, whose probabilities are averaged."
    " Leave --uncertainty out, or give one of the models."
)
"""Sentence on an uncertainty that was asked for of several models."""
