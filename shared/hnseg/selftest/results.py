"""Results of a self-test: a row for each check or measurement, and the verdict on all of them.

They are the keys of the report's JSON file. A measurement says a number and can't be wrong; a check can.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import computed_field

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
    seconds: float | None = None
    """Time that the check took; None where it is counted in an earlier row."""


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

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_usable(self) -> bool:
        """Whether no check is wrong."""
        return not any(row.state == "wrong" for row in self.rows)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> str:
        """Sentence on the device: usable, or what is wrong with the cure."""
        wrong = [row for row in self.rows if row.state == "wrong"]
        if wrong:
            faults = " ".join(f"{row.name}: {row.found} {row.cure}".strip() for row in wrong)
            return f"NOT usable ({self.device}). {faults}"
        if warnings := [row.name for row in self.rows if row.state == "warning"]:
            return f"Usable ({self.device}): no check is wrong. Look at: {', '.join(warnings)}."
        return f"Usable ({self.device}): every check is right."
