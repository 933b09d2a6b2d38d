"""What a folder's series fill of a challenge's inputs, or the question that is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hnseg.dicom.inputs.choice import choose_series
from hnseg.dicom.inputs.keys import socket_keys
from hnseg.dicom.survey.entry import Survey
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec


@dataclass(frozen=True)
class Fill:
    """Inputs of a challenge that a folder's series fill.

    Attributes:
        challenge: Name of the challenge.
        numbers: Number of the series for each key, such as `ct`; empty where the choice is open or not possible.
        open_question: Sentence on why the choice is open or not possible; empty where it is made.
    """

    challenge: str
    numbers: dict[str, int]
    open_question: str = ""


def fills_of(survey: Survey, specs: Iterator[ChallengeSpec]) -> list[Fill]:
    """Return what a survey's series fill of each challenge.

    Args:
        survey: Survey of a folder.
        specs: Descriptions of the challenges.
    """
    return [_fill(survey, spec) for spec in specs]


def _fill(survey: Survey, spec: ChallengeSpec) -> Fill:
    keys = socket_keys(spec)
    try:
        chosen = choose_series(spec, survey, {})
    except InputError as error:
        return Fill(spec.name, {}, str(error))
    return Fill(spec.name, {keys[slug]: entry.number for slug, entry in chosen.items()})
