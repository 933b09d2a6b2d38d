"""`hnseg-train fit`: train folds of a planned challenge."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg_training.cli.options import Challenge, Folds, Planned, Stages, Work, folds_named, kinds_named
from hnseg_training.dataset.work_folder import WorkFolder


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    folds: Folds = None,
    preset: Planned = None,
    stage: Stages = "all",
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the preset's.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="An epoch's, instead of the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the plan's.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU if there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Without a GPU; every core if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first weights and the augmentation.")] = 0,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, max=10, help="At the start, instead of the preset's.")
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(help="A checkpoint_*.pth or model folder of the same network, or of one without clicks."),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            help="Perturb images in training: any of motion,ghosting,spike,bias,noise,blur. If left out, as the folds"
            " that are there."
        ),
    ] = None,
    augment_probability: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the patches that --augment perturbs.")
    ] = 0.3,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where training stopped.")] = False,
    final_validation: Annotated[
        bool, typer.Option("--validate", help="Segment the validation cases afterwards; slow.")
    ] = False,
) -> None:
    """Train folds with nnU-Net's own trainer."""
    from hnseg_training.dataset.augmentation import Perturbations
    from hnseg_training.dataset.splits import fold_count
    from hnseg_training.fitting.fit import Schedule, fit, validate
    from hnseg_training.fitting.plan import planned_preset
    from hnseg_training.fitting.stages import in_stages

    kinds = kinds_named(augment) if augment is not None else ()
    perturbations = Perturbations(kinds=kinds, probability=augment_probability) if kinds else None
    folder = WorkFolder.open(work, challenge=challenge)
    trainings = in_stages(planned_preset(folder, preset), None if stage == "all" else stage)
    for fold, training in product(folds_named(folds, of=fold_count(folder)), trainings):
        schedule = Schedule(
            epochs=epochs or training.training.epochs,
            iterations=iterations or training.training.iterations,
            batch_size=batch_size,
            device=device,
            threads=threads,
            seed=seed,
            learning_rate=learning_rate,
            start_from=start_from if training is trainings[0] else None,
        )
        fit(folder, training, fold, schedule, perturbations=perturbations, resume=resume)
        if final_validation and training is trainings[-1]:
            validate(folder, training, fold, schedule)
