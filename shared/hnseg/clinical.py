"""Clinical facts about a patient: T and N stage, and the follow-up until a relapse or the last visit.

Tables and JSON files have them in many spellings; `stage_of` and `follow_up_of` read these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

T_STAGES = ("T1", "T2", "T3", "T4")
"""Stages of a primary tumour of the TNM classification, from the lowest to the highest, without finer divisions."""
N_STAGES = ("N0", "N1", "N2", "N3")
"""Stages of the regional lymph nodes likewise."""

_WORDS = {"true": True, "yes": True, "y": True, "false": False, "no": False, "n": False}
_RELAPSES: dict[float | None, bool] = {0.0: False, 1.0: True}
_MOST_CHARACTERS = 100  # of a cell that holds a stage or a number


@dataclass(frozen=True)
class FollowUp:
    """Time that a patient was followed for, and the event that ended it.

    Attributes:
        days: Days until the relapse or, without one, until the last visit.
        has_relapsed: Whether a relapse ended it; otherwise the patient is censored.
    """

    days: float
    has_relapsed: bool


def stage_of(value: object, stages: Sequence[str], *, prefixes: str = "") -> str | None:
    """Return the T or N stage that a table's cell or a JSON value holds, without its finer division.

    Args:
        value: Stage as T2, 2, 2.0 or N2b, in small letters or capitals.
        stages: All stages, such as `T_STAGES`.
        prefixes: Letters that may come first and are dropped, such as c for a clinical and p for a pathological stage.

    Returns:
        One of the stages; None where the value is none of them.

    >>> stage_of("N2b", N_STAGES), stage_of("cT4", T_STAGES, prefixes="cp"), stage_of("Tx", T_STAGES)
    ('N2', 'T4', None)
    """
    letter = stages[0][0]
    before = f"[{prefixes}]?" if prefixes else ""
    found = re.fullmatch(rf"{before}{letter}?\s*([0-9])(\.0+)?[a-e]?", _text_of(value), flags=re.IGNORECASE)
    stage = f"{letter}{found[1]}" if found else ""
    return stage if stage in stages else None


def follow_up_of(relapse: object, days: object) -> FollowUp | None:
    """Return the follow-up that two cells of a table or two JSON values hold.

    Args:
        relapse: 0 or 1, as a number or a text; or true, yes, false or no.
        days: Days of follow-up, 0 or more.

    Returns:
        None where either is missing or something else.
    """
    word = _text_of(relapse).lower()
    has_relapsed = _WORDS[word] if word in _WORDS else _RELAPSES.get(number_of(relapse))
    number = number_of(days)
    return None if has_relapsed is None or number is None or number < 0 else FollowUp(number, has_relapsed)


def number_of(value: object) -> float | None:
    """Return the finite number that a table's cell or a JSON value holds; None where it holds none, as True does."""
    try:
        number = float(_text_of(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text_of(value: object) -> str:
    """Return a text or number as text without blanks around it; empty for anything else, and for what is too long."""
    try:
        text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    except ValueError:  # an integer of thousands of digits
        return ""
    return text if len(text) <= _MOST_CHARACTERS else ""
