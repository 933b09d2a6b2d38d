"""Command `hnseg robustness`: what perturbed images cost a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.cohort import JobOptions, OnOption, RamOption, WorkerOptions
from hnseg.cli.options.completion import challenge_folder
from hnseg.cli.options.container import ContainerOptions
from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import CheckpointOption
from hnseg.cli.options.study import StudyFolders, StudyOptions
from hnseg.cli.perturb import LeavingPublished
from hnseg.cli.robustness.results import show_results
from hnseg.cli.robustness.study import Study, run_study
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.listing import summary
from hnseg.cohort.finding.references import with_references
from hnseg.errors import InputError
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.platform.challenge import load_challenge
from hnseg.robustness.scores.scores_csv import COLUMNS, read_scores
from hnseg.robustness.study.work import Perturbing, study_work
from hnseg.rule.model import open_model

EXAMPLES = (
    "hnseg robustness containers/hecktor cases --model model --output study",
    "hnseg robustness --scores scores.csv --report page",
)


StudiedChallenge = Annotated[
    Path | None,
    typer.Argument(
        help="The challenge's folder, such as containers/hecktor; none with --scores.", autocompletion=challenge_folder
    ),
]
GivenScores = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"Scores: in place of a study, a CSV with the columns {', '.join(COLUMNS)}; the baseline has the kind"
        " none, the severity 0 and no modality. Further columns of numbers are measures or descriptors of the"
        " reference.",
    ),
]


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: StudiedChallenge = None,
    cases: Annotated[
        Path | None, typer.Argument(help="Folder of cases, as hnseg cohort takes it, with references.")
    ] = None,
    *,
    folders: StudyFolders,
    scores: GivenScores = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Values as JSON: all results.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Page: with --scores, one with plots, and its numbers, in this folder."),
    ] = None,
    chosen: StudyOptions,
    leaving: LeavingPublished,
    on: OnOption = "local",
    workers: WorkerOptions,
    ram_gib: RamOption = None,
    checkpoint: CheckpointOption = "auto",
    container: ContainerOptions,
    jobs: JobOptions,
) -> None:
    """Run many cases as they are and with each image perturbed, as the challenge's container would, and compare.

    Median loss of Dice, complete failures, Wilcoxon's test with Benjamini-Hochberg, and what correlates with the loss.
    Called again, it goes on where it stopped. With --scores it compares scores that are there.
    """
    if scores is not None:
        _check_alone(container_dir, cases, folders)
        _show_scores(scores, json, report)
        return
    challenge, cases_dir, model, output = folders.needed(container_dir, cases)
    loaded = load_challenge(challenge, container.edition)
    spec = loaded.spec
    choice = chosen.choice(spec)
    found = with_references(find_cohort(cases_dir, spec), spec.output, folders.references)
    typer.echo(summary(found, spec), err=True)
    settings = workers.settings(on=on, limit_s=container.allowed_s(spec), ram_gib=ram_gib, job=jobs.settings())
    bundle = open_model(model, loaded.method, checkpoint=checkpoint)  # torch is imported once nothing else is wrong
    perturbing = Perturbing(seed=chosen.seed, units=chosen.units, settings=leaving.settings)
    work = study_work(challenge, container.work(challenge, bundle), perturbing, edition=container.edition)
    study = Study(spec, found.cases, choice, perturbing, output)
    run_study(study, work, settings, expected=bundle.structures, json=json)


def _show_scores(scores: Path, json: Path | None, report: Path | None) -> None:
    """Compare scores that are there, and write what was asked for."""
    with output_files(Output("--json", json, f"The results must be written to {json}"), inputs=[scores]) as files:
        show_results(read_scores(scores), files, report)


def _check_alone(container_dir: Path | None, cases: Path | None, folders: StudyFolders) -> None:
    """Refuse scores beside what a study needs.

    Raises:
        InputError: A folder of a study was given, too.
    """
    given = (container_dir, cases, folders.model_dir, folders.output_dir, folders.references)
    if any(path is not None for path in given):
        raise InputError(
            "--scores must be given without a challenge, its cases, --references, --model and --output, but one of"
            " these was given. Was --report meant for the folder of the page?"
        )
