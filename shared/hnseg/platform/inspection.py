"""Inspection of a predicted label map by a method: what is odd about it, in notes and facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Inspection:
    """Oddities of a predicted label map.

    Attributes:
        notes: Sentences for the log and the provenance, one for each oddity; empty where there is none.
        record: Facts for the provenance by name, such as measured shares; only types that JSON has a form for.
    """

    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
