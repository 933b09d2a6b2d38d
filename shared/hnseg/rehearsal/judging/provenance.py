"""Provenance that a container printed, as a report can hold and show it.

A container of other origin may print any JSON under the names that ours uses, so nothing of it is trusted: what has not
the form that `hnseg.provenance` writes is kept in `rehearsal.json` and not shown.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from hnseg.imaging.files.checksum import sha256_of_all
from hnseg.inference.model.structure_check import StructureFlag
from hnseg.rehearsal.judging.json_values import in_plain, parse_json
from hnseg.rehearsal.judging.logs import Log

_MOST_SHOWN = 100  # notes, and versions
_LONGEST_SHOWN = 1000  # characters of one


def _texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, as many and as long as are shown; none of anything else."""
    members = value if isinstance(value, (list, tuple)) else ()
    return tuple(text[:_LONGEST_SHOWN] for text in members if isinstance(text, str))[:_MOST_SHOWN]


def _versions(value: object) -> dict[str, str]:
    """Return the members of an object that are texts, as many and as long as are shown; none of anything else."""
    members = value if isinstance(value, dict) else {}
    texts = {name: text[:_LONGEST_SHOWN] for name, text in members.items() if isinstance(text, str)}
    return dict(list(texts.items())[:_MOST_SHOWN])


def _flags(value: object) -> tuple[StructureFlag, ...]:
    """Return the members of a list that are flags, as many as are shown, and no longer; none of anything else."""
    members = value if isinstance(value, (list, tuple)) else ()
    return tuple(flag for flag in map(_flag, members[:_MOST_SHOWN]) if flag and len(flag.sentence) <= _LONGEST_SHOWN)


def _flag(value: object) -> StructureFlag | None:
    try:
        return StructureFlag.model_validate(value)
    except ValidationError:
        return None


class ShownProvenance(BaseModel):
    """Part of a provenance that a page shows as text; the crop and the registration have records of their own."""

    model_config = ConfigDict(frozen=True)

    notes: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    """Sentences for the reader."""
    versions: Annotated[dict[str, str], BeforeValidator(_versions)] = {}
    """Versions of programs by their names."""
    structure_flags: Annotated[tuple[StructureFlag, ...], BeforeValidator(_flags)] = ()
    """Reasons to look at structures, found by comparing them with the training data."""

    @classmethod
    def of(cls, provenance: dict[str, Any] | None) -> ShownProvenance:
        """Return the part of a provenance that is shown; without notes, versions and flags where there is none."""
        return cls.model_validate(provenance or {})


def model_checksum(provenance: dict[str, Any] | None) -> str:
    """Return the SHA-256 over all files of the model that a container read; empty where its provenance tells none."""
    files = (provenance or {}).get("model_sha256")
    known = {name: each for name, each in files.items() if isinstance(each, str)} if isinstance(files, dict) else {}
    return sha256_of_all(known) if known else ""


def provenance_in(stdout: Log) -> dict[str, Any] | None:
    """Return the provenance that a container printed: its last line that is a JSON object; None without one.

    Lines that the platform leaves out for their length, and JSON that is nested too deeply, are passed over. Texts are
    in their printable form, and numbers that JSON can't hold are None.
    """
    for line in reversed(stdout.lines):
        if not line.startswith("{"):
            continue
        try:
            provenance = in_plain(parse_json(line))
        except ValueError:
            continue
        if isinstance(provenance, dict):
            return provenance
    return None
