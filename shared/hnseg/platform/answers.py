"""Answers of a method beside the label map: a JSON value for each answer socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hnseg.errors import OutputError
from hnseg.platform.spec import ChallengeSpec


@dataclass(frozen=True)
class Answers:
    """Answers of a method for one case.

    Attributes:
        values: Answers by the slug of their socket, for every answer socket: one of its choices, or a finite number.
        notes: Sentences for the log and the provenance, one for each thing that was assumed or missing.
        record: Facts for the provenance by name, such as the values that the answers follow from; only types that JSON
            has a form for.
    """

    values: Mapping[str, str | float]
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


NO_ANSWERS = Answers({})


def empty_answers(spec: ChallengeSpec) -> Answers:
    """Return the answers that are written beside an empty label map: each socket's `if_empty`."""
    return Answers({socket.slug: socket.if_empty for socket in spec.answers})


def check_answers(spec: ChallengeSpec, answers: Answers) -> None:
    """Refuse answers that the challenge would not accept.

    Raises:
        OutputError: An answer is missing, belongs to no socket, or is not accepted by its socket.
    """
    wanted, given = [socket.slug for socket in spec.answers], sorted(answers.values)
    if sorted(wanted) != given:
        raise OutputError(
            f"The method must answer {', '.join(wanted) or 'nothing'}, but answered {', '.join(given) or 'nothing'}."
            " Its answer step and the challenge's spec.py name other sockets."
        )
    for socket in spec.answers:
        value = answers.values[socket.slug]
        if not socket.takes(value):
            raise OutputError(
                f"The {socket.title} must be {socket.in_words}, but the method answered {value!r}."
                " Was the model fitted with other names, or on values without an answer?"
            )
