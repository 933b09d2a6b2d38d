"""Survey of HECKTOR's clinical tables beside the images: their problems join those of the images, in one list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hnseg.evaluation.files.patient_tables import patient_key
from hnseg_training.dataset.pet_ct_sources import PetCtFinding
from hnseg_training.dataset.survey.problem import Problem
from hnseg_training.outcomes.table import Tables


def with_tables(finding: PetCtFinding) -> PetCtFinding:
    """Return a finding with the problems of the tables beside the images, and notes on them.

    A problem of a patient who has no images is left out: nothing is made of that row.

    Args:
        finding: Patients by the names of their files.
    """
    tables = Tables.survey(finding.folders)
    name_of = {patient_key(name): name for name in finding.names}
    problems = [
        Problem(name_of.get(patient_key(one.patient), ""), one.sentence)
        for one in tables.problems
        if not one.patient or patient_key(one.patient) in name_of
    ]
    return replace(
        finding,
        problems=[*finding.problems, *problems],
        notes=[*finding.notes, *tables.notes, *_differences(finding, tables)],
    )


def _differences(finding: PetCtFinding, tables: Tables) -> Iterator[str]:
    """Yield a sentence for rows without images, and for images without a row; no names, since these are logged."""
    if not tables.files:
        yield "There is no table with a column PatientID, so that hnseg-train outcomes has nothing to fit."
        return
    with_images, with_row = {patient_key(name) for name in finding.names}, set(tables.rows.names)
    if count := len(with_row - with_images):
        yield f"Patients of the tables without images: {count}."
    if count := len(with_images - with_row):
        yield f"Patients without a row in a table, whose outcomes are unknown: {count}."
