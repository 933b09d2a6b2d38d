"""Row of a case in the report: its status, and of its facts those that are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hnseg.cohort.flags import Flag
from hnseg.cohort.state.status import CaseStatus, FileStamp
from hnseg.drawing.uncertainty_record import UncertaintyRecord, uncertainty_in
from hnseg.imaging.files.checksum import sha256_of_all
from hnseg.imaging.structures import StructureMeasures
from hnseg.printable import printable
from hnseg.records import Frozen

_MOST_NOTES, _LONGEST_NOTE = 100, 1000

Record = TypeVar("Record", bound=Frozen)


@dataclass(frozen=True)
class CaseRow:
    """Row of a case.

    Attributes:
        status: Its status; a fact in it that has not the form in which the works of this package write it, is not
            shown.
        folder: Folder of its status and of its folder `report`.
    """

    status: CaseStatus
    folder: Path

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.status.case

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """Reasons to look at it."""
        found = self.status.facts.get("flags")
        records = (_record(Flag, value) for value in (found if isinstance(found, list) else ()))
        return tuple(flag for flag in records if flag is not None)

    @cached_property
    def structures(self) -> Mapping[str, StructureMeasures]:
        """Measures of each structure of its output, by name."""
        found = {name: _record(StructureMeasures, value) for name, value in _members(self.status.facts, "structures")}
        return {name: measures for name, measures in found.items() if measures is not None}

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Provenance of its output; empty where there is none."""
        return dict(_members(self.status.facts, "provenance"))

    @property
    def uncertainty(self) -> UncertaintyRecord | None:
        """Uncertainty of its structures; None where it is not known."""
        return uncertainty_in(dict(self.provenance))

    @property
    def entropy_caption(self) -> str:
        """Caption of the picture of its entropy; empty where there is none."""
        return self._sentence("entropy_caption")

    @property
    def pet_caption(self) -> str:
        """Sentence on the colours of the PET in its picture; empty without a PET."""
        return self._sentence("pet_caption")

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the provenance, a sentence each."""
        notes = self.provenance.get("notes")
        texts = (note for note in (notes if isinstance(notes, list) else ()) if isinstance(note, str))
        return tuple(printable(text, longest=_LONGEST_NOTE) for text in texts)[:_MOST_NOTES]

    @property
    def peak_memory_gib(self) -> float | None:
        """Peak memory of the process up to its end; None where it is not known."""
        peak = self.provenance.get("peak_memory_gib")
        return float(peak) if isinstance(peak, (int, float)) else None

    @property
    def given_up(self) -> tuple[str, ...]:
        """Sentences on the effort that was given up."""
        return tuple(flag.sentence for flag in self.flags if flag.kind == "effort")

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the structures that the ensemble is unsure of."""
        return tuple(flag.structure for flag in self.flags if flag.kind == "uncertain")

    @property
    def model_sha256(self) -> str:
        """Checksum over the names and checksums of the model's files; empty where they are not known."""
        files = dict(_members(self.provenance, "model_sha256"))
        return sha256_of_all(files) if files else ""

    @property
    def not_drawn(self) -> str:
        """Sentence on why it has no pictures; empty where it has, or it is not known."""
        return self._sentence("not_drawn")

    def _sentence(self, key: str) -> str:
        """Return a fact that is a sentence; empty where it is none."""
        found = self.status.facts.get(key, "")
        return printable(found, longest=_LONGEST_NOTE) if isinstance(found, str) else ""

    @property
    def rank(self) -> int:
        """Place in the order of what to look at first: 0 failed, 1 flagged, 2 neither."""
        return 0 if self.status.status == "failed" else 1 if self.flags else 2


def in_order(rows: Iterable[CaseRow]) -> list[CaseRow]:
    """Return the rows in the order of what to look at first: failed, most flags, and by name."""
    return sorted(rows, key=lambda row: (row.rank, -len(row.flags), by_number(row.name)))


def by_number(name: str) -> tuple[tuple[str, int], ...]:
    """Return a key by which names are sorted as readers expect: numbers in them count as numbers.

    >>> sorted(["p10", "p9", "a"], key=by_number)
    ['a', 'p9', 'p10']
    """
    parts = re.findall(r"([^0-9]*)([0-9]{0,18})", name)
    return tuple((text.casefold(), int(digits or -1)) for text, digits in parts)


def checksums(stamps: Mapping[str, FileStamp]) -> str:
    """Return the checksums of files in a cell: `name=sha256`, separated by spaces."""
    return " ".join(f"{name}={stamp.sha256}" for name, stamp in sorted(stamps.items()))


def _members(facts: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    found = facts.get(key)
    return found.items() if isinstance(found, Mapping) else ()


def _record(model: type[Record], value: object) -> Record | None:
    """Return a fact as the record that it should be; None where it is none, as in the status of another version."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
