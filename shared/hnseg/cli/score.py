"""Command `hnseg score`: scores of predictions against references by a challenge's rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from hnseg.cli.cases.score_clicks import score_clicks
from hnseg.cli.cases.score_methods import MethodFolders, folder_of, score_methods
from hnseg.cli.options.completion import challenge_in
from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import check_text
from hnseg.cli.printing import show_table
from hnseg.discovery import challenge_module, challenge_names
from hnseg.errors import InputError
from hnseg.evaluation.files.case_files import cases_in
from hnseg.evaluation.files.scores_csv import rows_in, scores_csv, structures_csv
from hnseg.evaluation.options import usage_of
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import CHALLENGES, Rules, score_folder
from hnseg.evaluation.tables import UNDEFINED, cases_table, parts_table, structures_table
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files

Given = TypeVar("Given")


@dataclass(frozen=True)
class MethodOptions:
    """Options on several methods side by side, of a challenge that compares them."""

    probabilities: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]DIR",
            help="Probabilities: of a method for recurrence, for its curve, beside its label maps or in their place.",
        ),
    ] = None
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Recurrence: a folder a patient with PET, GTV and perhaps CT and brain, for the sweep of SUVmax.",
        ),
    ] = None
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Page: the methods for recurrence.")] = None

    @property
    def given(self) -> dict[str, object]:
        """Values by the option's name."""
        return {"--probabilities": self.probabilities, "--images": self.images, "--report": self.report}


@dataclass(frozen=True)
class FileOptions:
    """Options on the files that a score is written to, and whose it is."""

    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture: the curves over the clicks or the thresholds; .png or .svg."),
    ] = None
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Values as JSON: all scores.")] = None
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write each structure's values over all cases to this CSV.")
    ] = None
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table as CSV: each case's values, added to this file for hnseg rank."),
    ] = None
    team: Annotated[str, typer.Option(help="Whose predictions, in the CSV file; the folder's name if not given.")] = ""


EXAMPLES = (
    "hnseg score hnts_mrg --predictions predictions --references references --json score.json",
    "hnseg score recurrence --predictions ours=out --predictions theirs=others --references references"
    " --report methods.html",
)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    context: typer.Context,
    challenge: Annotated[
        str,
        typer.Argument(
            metavar="CHALLENGE", help="The challenge, such as hnts_mrg.", autocompletion=challenge_in(CHALLENGES)
        ),
    ],
    *,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]DIR",
            help="Predictions: one label map, or one folder, a case. Recurrence: several folders, to compare methods.",
        ),
    ] = None,
    references: Annotated[
        Path | None, typer.Option(metavar="DIR", help="References: a label map of each case, paired by name.")
    ] = None,
    clicks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Clicks: output of hnseg simulate-clicks, in place of those two.")
    ] = None,
    methods: MethodOptions,
    files: FileOptions,
    missing: Annotated[
        Literal["refuse", "leave-out"], typer.Option(help="What to do about a reference that has no prediction.")
    ] = "refuse",
) -> None:
    """Score a folder of label maps by a challenge's own rules.

    Files are paired by equal name, or else by the case ID they begin with (77 of 77_midRT_mask.nii.gz). A folder may
    also hold a folder a case, such as a container's outputs. Instead, --clicks scores the corrections by a simulated
    user, with --json, --table and --plot; several methods are compared with --json, --plot and --report.
    """
    if clicks is not None:
        given = {"--predictions": predictions, "--references": references, "--csv": files.csv, **methods.given}
        _refuse_beside("--clicks", given, context.args)
        score_clicks(challenge, clicks, json=files.json, table=files.table, plot=files.plot)
        return
    if not methods.probabilities:
        predictions = _needed("--predictions", predictions)
    leave_out = missing == "leave-out"
    references = _needed("--references", references)
    folders = MethodFolders(predictions or (), methods.probabilities or (), references, methods.images, leave_out)
    own = _own_options(challenge, context.args)
    if len(predictions or ()) > 1 or any(methods.given.values()):
        _refuse_beside("methods side by side", {"--csv": files.csv, "--table": files.table, "--team": files.team})
        outputs = {"--json": files.json, "--plot": files.plot, "--report": methods.report}
        score_methods(challenge, folders, own, outputs)
    else:
        _score_one(challenge, folders, own, files)


def _score_one(challenge: str, folders: MethodFolders, own: Mapping[str, str], wanted: FileOptions) -> None:
    """Score the only folder of predictions, write what was asked for and print it.

    Raises:
        InputError: The files, the options or the label maps can't be used.
    """
    if wanted.plot is not None:
        raise InputError(
            "--plot must go with --clicks, --probabilities, --images, --report or several methods, whose curves it"
            " draws, but there is none of them."
        )
    name, predictions = folder_of(folders.predictions[0])
    team, csv = wanted.team or name, wanted.csv
    if csv is not None:
        check_text("--team", team)
    rules = Rules(options=own, leave_out_missing=folders.leave_out_missing)
    outputs = [
        Output(option, path, f"The {what} must be written to {path}")
        for option, path, what in (
            ("--json", wanted.json, "score"), ("--table", wanted.table, "table"), ("--csv", csv, "scores"),
        )
    ]  # fmt: skip
    read = (predictions, folders.references) if any((wanted.json, wanted.table, csv)) else ()
    with output_files(*outputs, inputs=_inputs(read, own)) as files:
        if csv is not None:
            rows_in(csv)  # another file must be refused before the work
        report = score_folder(challenge, predictions, folders.references, rules)
        _write_all(files, report, csv, team)
    _print(report)


def _write_all(files: OutputFiles, report: ScoreReport, csv: Path | None, team: str) -> None:
    """Write a score to those files that were asked for."""
    files.write("--json", lambda path: _write(report.model_dump_json(indent=2) + "\n", path))
    files.write("--table", lambda path: _write(structures_csv(report), path))
    if csv is not None:
        # Read again: another run may have added its scores meanwhile.
        text = scores_csv(report, team, others_in=csv)
        files.write("--csv", lambda path: _write(text, path))


def _needed(option: str, given: Given | None) -> Given:
    """Return what only a score of clicks does without.

    Raises:
        InputError: It was left out.
    """
    if not given:
        raise InputError(
            f"Two folders must be given to score label maps (--predictions DIR --references DIR), but {option} was left"
            " out."
        )
    return given


def _refuse_beside(what: str, options: Mapping[str, object], arguments: Sequence[str] = ()) -> None:
    """Refuse options that have no part in a score.

    Raises:
        InputError: One was given.
    """
    given = [*(option for option, value in options.items() if value), *arguments]
    if given:
        raise InputError(f"A score of {what} must be asked for without {given[0]}, which has no part in it.")


def _inputs(folders: Iterable[Path], own_options: Mapping[str, str]) -> list[Path]:
    """Return the files that a score reads: label maps, the cases' answers, and files that own options may name."""
    cases = [case for folder in folders for case in cases_in(folder)]
    files = [path for case in cases for path in (*case.label_maps.values(), *case.values)]
    named = [Path(value) for value in own_options.values() if os.path.isfile(value)]  # noqa: PTH113 (any text may come)
    return [*files, *named]


def _print(report: ScoreReport) -> None:
    """Print the tables and notes of a report, and the score in the last line."""
    for table in (cases_table(report), structures_table(report), parts_table(report)):
        if table is not None:
            show_table(table)
    for case in report.cases:
        for note in case.notes:
            typer.echo(f"Case {case.name}: {note}")
    for note in report.notes:
        typer.echo(note)
    typer.echo(f"{report.score_name}: {UNDEFINED if report.score is None else f'{report.score:.4f}'}")


def _epilog() -> str:
    usage = {name: usage_of(challenge_module(CHALLENGES, name)) for name in challenge_names(CHALLENGES)}
    return "\n\n".join(
        line for name, lines in usage.items() if lines for line in (f"Options of {name}, after its name:", *lines)
    )


SETTINGS: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "epilog": _epilog(),
}
"""Settings of the command in typer: a challenge's own options are left to the command, and the help lists them."""


def _own_options(challenge: str, arguments: Sequence[str]) -> dict[str, str]:
    """Return a challenge's own options by name, from arguments --name value or --name=value.

    Raises:
        InputError: An argument is no option, an option has no value, or the options come before the challenge.
    """
    if challenge.startswith("-"):
        raise InputError(f"The challenge must be named before its own options, found {challenge!r} in its place.")
    given: dict[str, str] = {}
    remaining = list(arguments)
    while remaining:
        name, is_joined, value = remaining.pop(0).partition("=")
        if not name.startswith("--") or not (is_joined or remaining):
            raise InputError(f"An option must be given as --name and a value, found {name!r}. Is one of them missing?")
        given[name.removeprefix("--")] = value if is_joined else remaining.pop(0)
    for name, value in given.items():
        check_text(f"--{name}", value)
    return given


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
