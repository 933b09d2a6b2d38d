"""Slots for a case's images, and the case that is made of the files found for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.platform.input_files import InputFiles
from hnseg.platform.spec import ChallengeSpec

Candidates = Mapping[str, Sequence[Path]]
"""Files that were found for each slot, by its key; none, one or several."""


@dataclass(frozen=True)
class Slot:
    """Slot for one file of a case: a socket of a challenge, or an input channel of a model.

    Attributes:
        key: Slug of the socket, or name of the channel.
        title: Name of the file in sentences, such as "mid-RT T2w".
        required: Whether a case without it can't be run.
        is_value: Whether it is a JSON value, not an image.
    """

    key: str
    title: str
    required: bool = True
    is_value: bool = False


def slots_of(spec: ChallengeSpec) -> tuple[Slot, ...]:
    """Return the slots of a challenge's sockets: its images, then its values."""
    images = [Slot(socket.slug, socket.title, socket.required) for socket in spec.inputs]
    values = [Slot(socket.slug, socket.title, required=False, is_value=True) for socket in spec.values]
    return (*images, *values)


def case_of(name: str, slots: Sequence[Slot], candidates: Candidates) -> CohortCase:
    """Return the case that has the one file found for each slot.

    It has a problem where there are several files for a slot, since to take one of them would be a guess, or none for
    a required one.
    """
    single = {slot.key: candidates[slot.key][0] for slot in slots if len(candidates.get(slot.key, ())) == 1}
    values = {slot.key: single[slot.key] for slot in slots if slot.is_value and slot.key in single}
    images = {key: path for key, path in single.items() if key not in values}
    problems = (_problem(name, slot, candidates.get(slot.key, ())) for slot in slots)
    return CohortCase(
        name=name, inputs=InputFiles(images=images, values=values), problem=" ".join(filter(None, problems))
    )


def _problem(name: str, slot: Slot, found: Sequence[Path]) -> str:
    if len(found) > 1:
        return (
            f"Each case must have one {slot.title}, but {name} has {len(found)}:"
            f" {', '.join(path.name for path in found)}. Remove the others, or name the right one in a CSV."
        )
    if slot.required and not found:
        return f"Every case must have the {slot.title}, but {name} has none. Is its file missing or misnamed?"
    return ""
