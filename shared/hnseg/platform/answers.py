"""What a method answers beside the label map: a JSON value for each answer socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hnseg.errors import OutputError
from hnseg.platform.spec import ChallengeSpec


@dataclass(frozen=True)
class Answers:
    """A method's answers for one case.

    Attributes:
        values: One of the choices, or a finite number, for every answer socket, by slug.
        notes: What was assumed or done without, a sentence each.
        record: What the provenance keeps of how the answers came about; JSON values.
    """

    values: Mapping[str, str | float]
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


NO_ANSWERS = Answers({})


def empty_answers(spec: ChallengeSpec) -> Answers:
    """Return what stands beside an empty label map."""
    return Answers({socket.slug: socket.if_empty for socket in spec.answers})


def check_answers(spec: ChallengeSpec, answers: Answers) -> None:
    """Refuse answers that the challenge would not accept.

    Raises:
        OutputError: One is missing, one too many, or not what its socket takes.
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
