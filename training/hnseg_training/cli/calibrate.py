"""`hnseg-train calibrate`: fit the temperatures of an exported bundle, and report how honest its probabilities are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg.cli.printing import show_table
from hnseg_training.cli.options import Challenge, Folds, Work, folds_named
from hnseg_training.dataset.work_folder import WorkFolder


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    model: Annotated[Path, typer.Option(help="The bundle that export wrote; its manifest gets the temperatures.")],
    report: Annotated[Path, typer.Option(help="Folder for tables, pictures and a page; made when missing.")],
    folds: Folds = None,
    band_mm: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How far from the surfaces voxels are taken, in mm.")
    ] = 10.0,
    voxels: Annotated[int, typer.Option(min=1, help="Most voxels of a case.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw of these.")] = 0,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU if there is one.")] = "auto",
) -> None:
    """Fit a temperature a class on each fold's validation cases, and put them into the bundle."""
    from hnseg_training.calibration.calibrate import PAGE_FILE, Places, calibrate
    from hnseg_training.calibration.case_voxels import Sampling
    from hnseg_training.dataset.splits import fold_count

    folder = WorkFolder.open(work, challenge=challenge)
    chosen = folds_named(folds, of=fold_count(folder)) if folds else None
    sampling = Sampling(band_mm, voxels, seed)
    found = calibrate(folder, Places(model, report), sampling, folds=chosen, device=device)
    show_table(found.table)
    typer.echo("Temperatures: " + ", ".join(f"{name} {each:.3f}" for name, each in found.temperatures.items()))
    typer.echo(f"{report / PAGE_FILE} has the pictures; the temperatures are in {model}.")
