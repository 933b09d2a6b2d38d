"""Flags of a case: reasons to look at its output before it is used, found without a reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hnseg.records import Frozen, Text

FlagKind = Literal["empty", "pieces", "border", "volume", "position", "registration", "uncertain", "effort"]

FLAG_WORDS: Mapping[FlagKind, str] = {
    "empty": "empty",
    "pieces": "many pieces",
    "border": "touches the border",
    "volume": "unusual volume",
    "position": "unusual position",
    "registration": "registration",
    "uncertain": "uncertain",
    "effort": "less effort",
}
"""Words for each kind, for readers."""


class Flag(Frozen):
    """Reason to look at a case."""

    kind: FlagKind
    structure: Text = ""
    """Name of the structure that it is about; empty for the whole case."""
    sentence: Text
