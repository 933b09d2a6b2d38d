"""What a folder's series fill of a challenge's inputs, or the question that is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hnseg.dicom.inputs.choice import choose_series
from hnseg.dicom.inputs.keys import socket_keys
from hnseg.dicom.inputs.structures import choose_structures
from hnseg.dicom.survey.entry import Survey
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec


@dataclass(frozen=True)
class Fill:
    """Inputs of a challenge that a folder's series fill.

    Attributes:
        challenge: Name of the challenge.
        numbers: Number of the series, or structure set, for each key such as `ct`; of those inputs that are clear.
        open_question: Sentence on why another input is open or not possible; empty where none is.
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
    numbers = {keys[slug]: entry.number for slug, entry in chosen.items()}
    try:
        structures = choose_structures(spec, survey, chosen, {}, {})
    except InputError as error:
        return Fill(spec.name, numbers, str(error))
    of_paths = {each.path: each.number for each in survey.structure_sets}
    return Fill(spec.name, numbers | {slug: of_paths[each.path] for slug, each in structures.items()})
