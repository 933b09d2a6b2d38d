"""`hnseg-train outcomes`: fit the models of a challenge's answers beside the label map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.discovery import challenge_module, challenges_with
from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg_training.cli.options import CHALLENGES, Challenge, Work
from hnseg_training.dataset.work_folder import WorkFolder

RIDGE = 3.0  # as if each coefficient were known beforehand to be 0 within 0.58, a standard deviation of a feature


EXAMPLES = ("hnseg-train outcomes hecktor --work work",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    source: Annotated[Path | None, typer.Option(help="The public data, where it isn't any more.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Predictions: a label map a patient to measure, in place of the reference.")
    ] = None,
    training_data: Annotated[str | None, typer.Option(help="Where it isn't the challenge's own data.")] = None,
    ridge: Annotated[float, typer.Option(min=0, max=1e9, help="How strongly coefficients are drawn to 0.")] = RIDGE,
    workers: Annotated[int, typer.Option(min=1, help="Processes: those that measure patients.")] = usable_threads(),
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
