"""Seeds on the command line: one range for every --seed of every verb, looked at before the verb begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hnseg.errors import InputError
from hnseg.printable import printable

MOST_SEED = 2**32 - 1
"""Largest seed: that of NumPy's older generators and scikit-learn, which nnU-Net uses."""
_OPTION = "--seed"
_LONGEST = 60  # characters of a value in the sentence


def check_seeds(words: Sequence[str]) -> None:
    """Refuse a seed that is no whole number from 0 to `MOST_SEED`.

    Args:
        words: Arguments of the command.

    Raises:
        InputError: A --seed has another value.
    """
    given = [value for word, value in pairwise(words) if word == _OPTION]
    for value in (*given, *(word.partition("=")[2] for word in words if word.startswith(f"{_OPTION}="))):
        if not _is_seed(value):
            found = printable(repr(value), longest=_LONGEST)
            raise InputError(f"{_OPTION} must be a whole number from 0 to {MOST_SEED}, found {found}.")


def _is_seed(text: str) -> bool:
    digits = text.lstrip("0") or "0"
    return text.isascii() and text.isdigit() and len(digits) <= len(str(MOST_SEED)) and int(digits) <= MOST_SEED
