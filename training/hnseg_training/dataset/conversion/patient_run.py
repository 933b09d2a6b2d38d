"""Run of one patient in a conversion: standing before it, and the conversion itself, in any process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from hnseg.errors import InputError
from hnseg_training.dataset.conversion.patient_state import PatientState, changes, stamps_of
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.survey.finding import S, Source
from hnseg_training.dataset.work_folder import WorkFolder


@dataclass(frozen=True)
class Standing:
    """Standing of a patient before a run.

    Attributes:
        changed: Whether the patient must be converted: never finished, or something has changed since.
        why: What has changed, such as "the input files"; empty where the patient was not finished, or still is.
        facts: Facts of a finished patient; empty for another.
    """

    changed: bool
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """End of a patient's conversion.

    Attributes:
        facts: Facts of a converted patient; empty for another.
        refusal: Sentence that refuses the patient; empty for a converted one.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""


def standing_of(unfinished: Unfinished, source: Source, *, recipe_sha256: str) -> Standing:
    """Return the standing of a patient, by the state file and the stamps of the input files.

    Args:
        unfinished: Data set that is being made.
        source: Files of the patient.
        recipe_sha256: Checksum of what the files depend on beside the inputs.
    """
    state = unfinished.state(source.name)
    if state is None:
        return Standing(changed=True)
    found = changes(state, unfinished.work.raw, recipe_sha256=recipe_sha256, inputs=stamps_of(source.files))
    if why := " and ".join(found):
        return Standing(changed=True, why=why)
    return Standing(changed=False, facts=state.facts)


def convert_patient(
    source: S, *, unfinished: Unfinished, write: Callable[[WorkFolder, S], BaseModel], recipe_sha256: str
) -> Ended:
    """Convert a patient, whose files and state are there afterwards, or nothing of them.

    Args:
        source: Files of the patient.
        unfinished: Data set that is being made.
        write: Function that writes the patient's samples.
        recipe_sha256: Checksum of what the files depend on beside the inputs.

    Raises:
        OSError: The files can't be written.
    """
    inputs = stamps_of(source.files)  # of before they are read
    with unfinished.making() as made:
        try:
            facts = write(made, source).model_dump(mode="json")
        except InputError as error:
            return Ended(refusal=str(error))
        state = PatientState(patient=source.name, recipe_sha256=recipe_sha256, inputs=inputs, outputs={}, facts=facts)
        unfinished.publish(state, made)
        return Ended(facts=facts)
