"""The command `hnseg-train`: from a challenge's public data to the bundle that its container runs."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg.discovery import challenge_module, challenge_names, challenges_with
from hnseg.errors import HnsegError, InputError
from hnseg.inference.model.manifest import Fold
from hnseg_training.dataset.splits import fold_count
from hnseg_training.dataset.work_folder import WorkFolder, read_json, usable_cores
from hnseg_training.export import Label
from hnseg_training.export import export as export_bundle
from hnseg_training.fitting.fit import Schedule, validate
from hnseg_training.fitting.fit import fit as fit_fold
from hnseg_training.fitting.plan import plan as plan_preset
from hnseg_training.fitting.plan import planned_preset
from hnseg_training.fitting.preset import PRESETS, preset_named

CHALLENGES = "hnseg_training.challenges"
RIDGE = 3.0  # as if each coefficient were known beforehand to be 0 within 0.58, a standard deviation of a feature
Challenge = Annotated[str, typer.Argument(help="The name of its folder under containers/, such as hnts_mrg.")]
Work = Annotated[Path, typer.Option(help="The folder that convert made.")]
Planned = Annotated[str | None, typer.Option("--preset", help="Which one, where several are planned.")]
Folds = Annotated[
    str | None,
    typer.Option(help='Numbers from 0 with commas between them, or "all" for one network trained on every case.'),
]


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for package in ("hnseg", "hnseg_training"):  # nnU-Net's own libraries stay at warnings
        logging.getLogger(package).setLevel(logging.INFO)
    app = typer.Typer(
        help="From a challenge's public data to the weights that its container runs: convert, plan, fit, export.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.add_typer(_converters(), name="convert")
    for command in (plan, fit, outcomes, export):
        app.command()(command)
    try:
        app()
    except HnsegError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
        return 1
    return 0


def plan(
    challenge: Challenge,
    work: Work,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}.")] = "resenc-m",
    workers: Annotated[int, typer.Option(min=1, help="Processes that resample cases.")] = usable_cores(),
) -> None:
    """Fingerprint, plan and preprocess a converted challenge."""
    plan_preset(WorkFolder.open(work, challenge=challenge), preset_named(preset), workers=workers)


def fit(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    folds: Folds = None,
    preset: Planned = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the preset's.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="An epoch's, instead of the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the plan's.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU if there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Without a GPU; every core if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first weights and the augmentation.")] = 0,
    learning_rate: Annotated[float | None, typer.Option(help="At the start, instead of the preset's.")] = None,
    start_from: Annotated[
        Path | None, typer.Option(help="A checkpoint_*.pth of the same network, trained before.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where training stopped.")] = False,
    final_validation: Annotated[
        bool, typer.Option("--validate", help="Segment the validation cases afterwards; slow.")
    ] = False,
) -> None:
    """Train folds with nnU-Net's own trainer."""
    folder = WorkFolder.open(work, challenge=challenge)
    planned = planned_preset(folder, preset)
    schedule = Schedule(
        epochs=epochs or planned.training.epochs,
        iterations=iterations or planned.training.iterations,
        batch_size=batch_size,
        device=device,
        threads=threads,
        seed=seed,
        learning_rate=learning_rate,
        start_from=start_from,
    )
    for fold in folds_named(folds, of=fold_count(folder)):
        fit_fold(folder, planned, fold, schedule, resume=resume)
        if final_validation:
            validate(folder, planned, fold, schedule)


def outcomes(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    source: Annotated[Path | None, typer.Option(help="The public data, where it isn't any more.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Holds a label map a patient to measure, in place of the reference.")
    ] = None,
    training_data: Annotated[str | None, typer.Option(help="Where it isn't the challenge's own data.")] = None,
    ridge: Annotated[float, typer.Option(min=0, help="How strongly coefficients are drawn to 0.")] = RIDGE,
    workers: Annotated[int, typer.Option(min=1, help="Processes that measure patients.")] = usable_cores(),
) -> None:
    """Fit the models of what a challenge asks beside the label map, for export to ship."""
    folder = WorkFolder.open(work, challenge=challenge)
    if challenge not in challenges_with(CHALLENGES, "outcomes"):
        raise InputError(
            f"Only a challenge that asks for more than a label map has outcomes, but {challenge} does not."
        )
    challenge_module(CHALLENGES, challenge, "outcomes").fit(
        folder, source=source, predictions=predictions, training_data=training_data, ridge=ridge, workers=workers
    )


def export(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    output: Annotated[Path, typer.Option(help="The bundle's folder; <output>.tar.gz is written beside it.")],
    checkpoint: Annotated[Literal["final", "best"], typer.Option(help="Of each fold.")] = "final",
    folds: Folds = None,
    preset: Planned = None,
    name: Annotated[str | None, typer.Option(help="What the ensemble is called.")] = None,
    version: Annotated[str, typer.Option(help="Of the weights.")] = "1",
    licence: Annotated[str, typer.Option(help="Of the weights; an SPDX identifier if there is one.")] = "not stated",
    training_data: Annotated[str | None, typer.Option(help="Where it isn't the challenge's own data.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="JSON file: what was measured, and the value.")] = None,
    openvino: Annotated[
        bool, typer.Option("--openvino", help="Convert the network for OpenVINO now, not when a case runs.")
    ] = False,
) -> None:
    """Write the bundle and the archive to upload."""
    folder = WorkFolder.open(work, challenge=challenge)
    label = Label(
        name=name or f"{challenge} ensemble",
        version=version,
        licence=licence,
        training_data=training_data or read_json(folder.raw / "dataset.json")["name"],
        metrics=read_json(metrics) if metrics else {},
    )
    planned = planned_preset(folder, preset)
    chosen = folds_named(folds, of=fold_count(folder))
    export_bundle(folder, planned, output, folds=chosen, checkpoint=checkpoint, label=label, openvino=openvino)


def folds_named(text: str | None, *, of: int) -> list[Fold]:
    """Return the folds that an option such as 0,2 or all names.

    Args:
        text: The option; None names every fold.
        of: How many folds the data set has.

    Raises:
        InputError: One of them doesn't exist.
    """
    if text is None:
        return list(range(of))
    names = [name.strip() for name in text.split(",")]
    if names == ["all"]:
        return ["all"]
    if not all(name.isdecimal() and int(name) < of for name in names):
        raise InputError(f"Folds must be numbers from 0 to {of - 1} with commas between them, or all; found {text!r}.")
    return [int(name) for name in names]


def _converters() -> typer.Typer:
    """Return one command a challenge."""
    converters = typer.Typer(help="Turn a challenge's public data into an nnU-Net data set.", no_args_is_help=True)
    for name in challenge_names(CHALLENGES):
        converters.command(name=name)(challenge_module(CHALLENGES, name, "convert").command)
    return converters
