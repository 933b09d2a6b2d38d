"""Results of a self-test: a row for each check or measurement, and the verdict on all of them.

They are the keys of the report's JSON file. A measurement says a number and can't be wrong; a check can.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hnseg.records import Frozen, Text

State = Literal["right", "measured", "warning", "wrong", "absent"]
"""Outcome of a row: a check that holds; a number without a right and wrong; a check that should be looked at; one that
does not hold or ended with an error; and one that does not exist on this device."""


class Row(Frozen):
    """Outcome of one check or measurement."""

    name: Text
    """Name of the check, in a few words."""
    state: State
    found: Text
    """Observation, with units."""
    cure: Text = ""
    """Advice; empty where there is nothing to do."""
    seconds: float = 0.0
    """Time that the check took."""


class SelfTest(Frozen):
    """Outcome of a self-test."""

    version: str
    """Version of hnseg."""
    created: datetime
    device: str
    """Device that was tested, `cuda` or `cpu`."""
    model: str
    """Model that it was tested with, in words."""
    rows: tuple[Row, ...]

    @property
    def is_usable(self) -> bool:
        """Whether no check is wrong."""
        return not any(row.state == "wrong" for row in self.rows)

    @property
    def verdict(self) -> str:
        """Sentence on the device: usable, or what is wrong with the cure."""
        wrong = [row for row in self.rows if row.state == "wrong"]
        if wrong:
            faults = " ".join(f"{row.name}: {row.found} {row.cure}".strip() for row in wrong)
            return f"NOT usable ({self.device}). {faults}"
        warnings = sum(row.state == "warning" for row in self.rows)
        rest = f" {warnings} row{'s' if warnings > 1 else ''} to look at." if warnings else ""
        return f"Usable ({self.device}): every check is right.{rest}"
