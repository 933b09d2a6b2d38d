"""Flags of a case: reasons to look at its output before it is used, found without a reference.

They are computed from the facts of its status: measures of the structures, the provenance, and the uncertainty where it
was asked for. A case without a flag may be wrong all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from hnseg.imaging.structures import StructureMeasures
from hnseg.inference.model.structure_check import check_structures
from hnseg.inference.model.structure_range import StructureRange
from hnseg.records import Frozen, Text

FlagKind = Literal[
    "refused",
    "empty",
    "volume",
    "components",
    "outside",
    "side",
    "position",
    "border",
    "registration",
    "uncertain",
    "effort",
]

FLAG_WORDS: Mapping[FlagKind, str] = {
    "refused": "refused",
    "empty": "empty",
    "volume": "unusual volume",
    "components": "many pieces",
    "outside": "outside the body",
    "side": "on the wrong side",
    "position": "unusual position",
    "border": "touches the border",
    "registration": "registration",
    "uncertain": "uncertain",
    "effort": "less effort",
}
"""Words for each kind, for readers."""

BARE_CORRELATION, WIDE_DRIFT_MM = 0.21, 2.5
"""Quality of an accepted registration beyond which it is worth a look: the least entropy correlation and the greatest
drift of right results when the limits of acceptance were fitted; see `hnseg.imaging.registration.gate.Gate`."""


class Flag(Frozen):
    """Reason to look at a case."""

    kind: FlagKind
    structure: Text = ""
    """Name of the structure that it is about; empty for the whole case."""
    sentence: Text


def flags_of(facts: Mapping[str, Any], expected: Mapping[str, StructureRange]) -> tuple[Flag, ...]:
    """Return the flags of a case that is done, those of its structures first.

    Args:
        facts: Facts of its status: `structures` by name, as `StructureMeasures` is stored; `provenance`, perhaps with
            `uncertainty`, whose `structures` by name each have `look_at_this` and `because`.
        expected: Ranges of the structures in the training data, by name; a structure without one has other limits.
    """
    structures = {name: StructureMeasures.model_validate(value) for name, value in _object(facts, "structures").items()}
    provenance = _object(facts, "provenance")
    return (
        *(Flag(**flag.model_dump()) for flag in check_structures(structures, expected)),
        *_of_uncertainty(_object(_object(provenance, "uncertainty"), "structures")),
        *_of_registration(_object(provenance, "registration")),
        *_of_effort(_object(provenance, "effort_spent"), _object(provenance, "effort_full")),
    )


def _object(facts: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a fact that is an object; an empty one where it is missing, or None."""
    return facts.get(key) or {}


def _of_uncertainty(structures: Mapping[str, Any]) -> Iterator[Flag]:
    for name, agreement in structures.items():
        if agreement["look_at_this"]:
            because = " ".join(agreement.get("because", ()))
            sentence = f"The members of the ensemble disagree on {name}. {because}".strip()
            yield Flag(kind="uncertain", structure=name, sentence=sentence)


def _of_registration(record: Mapping[str, Any]) -> Iterator[Flag]:
    """Yield a flag where a registration was refused or was accepted barely; none where none was needed."""
    if not record:
        return
    if record["status"] != "registered":
        sentence = f"An image was left out, since it could not be registered: {record['reason']}."
        yield Flag(kind="registration", sentence=sentence)
        return
    quality = _object(record, "quality")
    correlation, drift_mm = quality.get("correlation", 1.0), quality.get("drift_mm", 0.0)
    if correlation < BARE_CORRELATION or drift_mm > WIDE_DRIFT_MM:
        measured = f"correlation {correlation:.3f}, drift {drift_mm:.1f} mm"
        sentence = f"The registration was accepted, but the images agree less than they mostly do ({measured})."
        yield Flag(kind="registration", sentence=sentence)


def _of_effort(spent: Mapping[str, Any], full: Mapping[str, Any]) -> Iterator[Flag]:
    given_up = tuple(_given_up(spent, full)) if spent and full else ()
    if given_up:
        yield Flag(kind="effort", sentence=f"To end in time, less was done than asked for: {_in_words(given_up)}.")


def _given_up(spent: Mapping[str, Any], full: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was given up: folds, mirrored copies, overlap of tiles."""
    for key, words in (("folds", "folds"), ("mirrors", "mirrored copies")):
        if spent[key] < full[key]:
            yield f"{spent[key]:.3g} of {full[key]:g} {words} on average"
    if spent["step"] > full["step"]:
        yield f"tiles {spent['step']:g} instead of {full['step']:g} of a patch apart"


def _in_words(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
