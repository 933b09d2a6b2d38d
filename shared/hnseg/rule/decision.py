"""Decision of a rule: the label map and the maps of a case, made without a network, and the methods that decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import SimpleITK as sitk

from hnseg.platform.case import Case
from hnseg.platform.challenge import Method
from hnseg.platform.maps import Maps


@dataclass(frozen=True)
class Decision:
    """Outputs of a rule for one case.

    Attributes:
        label_map: Label map on the reference's grid.
        maps: Maps by the slug of their socket, for every map socket, on the same grid.
        notes: Sentences for the log and the provenance, one for each thing that was assumed or missing.
        record: Facts for the provenance by name, such as a threshold; only types that JSON has a form for.
    """

    label_map: sitk.Image
    maps: Maps = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


class DecidingMethod(Method, Protocol):
    """Module `method.py` of a challenge that has rules beside its networks."""

    def needs_network(self, settings: Any) -> bool:
        """Return whether a network makes the label map by these settings; where it doesn't, `decide` does."""

    def decide(self, case: Case, settings: Any) -> Decision:
        """Return the outputs of a case by a rule; called only if no network is needed."""
