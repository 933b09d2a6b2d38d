"""Outcome of a trial in words: what was made, the agreement on the patients, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hnseg.errors import InputError
from hnseg.rehearsal.report.page import JSON_FILE, PAGE_FILE
from hnseg.rehearsal.report.table import first_metric, mean_over_structures
from hnseg.rehearsal.results import Rehearsal

NOT_FOR_USE = (
    "This network was trained for minutes on a few patients, and is measured on patients it has seen. It shows the way,"
    " and is not for use: neither for submissions nor for any patient."
)


def summary_of(output: Path, long_training: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a trial's summary.

    Args:
        output: Folder of the trial, with the rehearsal's report.
        long_training: Commands of the long training.

    Raises:
        InputError: The rehearsal left no report.
    """
    rehearsal = _rehearsal_in(output / "report")
    yield "\nWhat was made"
    yield f"  work folder   {output / 'work'}"
    yield f"  model         {output / 'model'}, to upload: {output / 'model.tar.gz'}"
    yield f"  report        {output / 'report' / PAGE_FILE}"
    yield f"  rehearsed     by {rehearsal.engine}. {rehearsal.verdict}"
    metric = first_metric(rehearsal.cases)
    for case in rehearsal.cases:
        mean = mean_over_structures(case.structures, metric)
        shown = "-" if mean is None else f"{mean:.3f}"
        yield f"  {case.name}: mean DSC {shown} over {len(case.structures)} structures, trained on; {case.time_s:.0f} s"
    yield f"\n{NOT_FOR_USE}\n\nThe long training, on all patients:"
    yield from (f"  {command}" for command in long_training)


def _rehearsal_in(folder: Path) -> Rehearsal:
    path = folder / JSON_FILE
    if not path.is_file():
        raise InputError(f"The rehearsal must have left {path}, but it did not. Its own sentence stands above.")
    return Rehearsal.model_validate_json(path.read_text(encoding="utf-8"))
