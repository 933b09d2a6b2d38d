"""`hnseg dicom list`: the series of a folder by number, which belong together, and which inputs they fill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hnseg.cli.printing import show_table
from hnseg.cli.rtstruct.series import needs_pydicom
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.platform.challenge import installed_challenges, load_challenge

if TYPE_CHECKING:
    from hnseg.dicom.inputs.fills import Fill
    from hnseg.dicom.survey.entry import Survey

EXAMPLES = ("hnseg dicom list patient_7 --json list.json",)


def list_series(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of DICOM files, of any depth and names.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Values as JSON: the listing.")
    ] = None,
) -> None:
    """List the series of a folder of DICOM files: what each is, which belong together, and what they fill.

    Series are numbered from 1 and are called by these numbers, since what describes them may name the patient. Those of
    one patient, study and frame of reference have the same numbers of these. A PET is told whether its values can be
    made SUV, and why not. For each challenge, the series that fill its inputs are listed, or the question that is open.
    """
    needs_pydicom()
    from hnseg.dicom.inputs.fills import fills_of
    from hnseg.dicom.survey.survey import survey_folder

    with output_files(Output("--json", json_file), inputs=[folder]) as files:
        survey = survey_folder(folder)
        fills = fills_of(survey, (load_challenge(path).spec for path in installed_challenges().values()))
        files.write("--json", lambda path: path.write_text(_as_json(survey, fills), encoding="utf-8"))
    _show(survey, fills)


def _show(survey: Survey, fills: list[Fill]) -> None:
    from hnseg.dicom.survey import listing
    from hnseg.evaluation.tables import Table

    show_table(listing.series_table(listing.series_records(survey)))
    if survey.structure_sets:
        show_table(listing.structure_sets_table(listing.structure_set_records(survey)))
    rows = tuple(
        (fill.challenge, ", ".join(f"{key}={number}" for key, number in fill.numbers.items()), fill.open_question)
        for fill in fills
    )
    show_table(Table(("challenge", "series", "open"), rows, naming_columns=3))
    for sentence in listing.others_in_words(survey):
        typer.echo(sentence)


def _as_json(survey: Survey, fills: list[Fill]) -> str:
    from hnseg.dicom.survey.listing import series_records, structure_set_records

    content = {
        "series": [each.model_dump(mode="json") for each in series_records(survey)],
        "structure_sets": [each.model_dump(mode="json") for each in structure_set_records(survey)],
        "challenges": {fill.challenge: {"series": fill.numbers, "open": fill.open_question} for fill in fills},
        "damaged": [{"count": each.count, "reason": each.reason} for each in survey.damage],
        "other_files": survey.others,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
