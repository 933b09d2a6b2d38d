"""`hnseg-train calibrate`: fit the temperatures of an exported bundle, and report how honest its probabilities are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.run import DeviceOption
from hnseg.cli.printing import show_table
from hnseg_training.cli.options import Challenge, Folds, folds_named
from hnseg_training.dataset.work_folder import WorkFolder

EXAMPLES = ("hnseg-train calibrate hnts_mrg --model model --held-out others --report calibration",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    model: Annotated[
        Path, typer.Option(help="Model: the bundle that export wrote; its manifest gets the temperatures.")
    ],
    report: Annotated[Path, typer.Option(help="Page: in this folder, with tables and pictures; made when missing.")],
    work: Annotated[
        Path | None,
        typer.Option(help="Work folder: the one that it was trained in; each fold predicts its validation cases."),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="In place of --work, a folder that convert made of other cases: all folds predict each."),
    ] = None,
    folds: Folds = None,
    band_mm: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How far from the surfaces voxels are taken, in mm.")
    ] = 10.0,
    voxels: Annotated[int, typer.Option(min=1, help="Most voxels of a case.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the draw of these.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Fit a temperature a class on cases that networks were not trained on, and put them into the bundle.

    Inference takes the mean of the folds, which is less sure than each of them: where cases can be spared,
    --held-out fits temperatures to that mean. Those of --work suit a bundle of one fold, and make several not sure
    enough.
    """
    from hnseg_training.calibration.calibrate import PAGE_FILE, Places, calibrate
    from hnseg_training.calibration.case_voxels import Sampling
    from hnseg_training.calibration.held_out import held_out_cases
    from hnseg_training.calibration.unseen_cases import unseen_cases
    from hnseg_training.dataset.splits import fold_count

    sampling = Sampling(band_mm, voxels, seed)
    if work is not None and held_out is None:
        folder = WorkFolder.open(work, challenge=challenge)
        chosen = folds_named(folds, of=fold_count(folder)) if folds else None
        cases = held_out_cases(folder, model, sampling, folds=chosen, device=device)
    elif held_out is not None and work is None and folds is None:
        cases = unseen_cases(WorkFolder.open(held_out, challenge=challenge), model, sampling, device=device)
    else:
        raise typer.BadParameter("give either --work, perhaps with --folds, or --held-out, which takes all folds")
    found = calibrate(cases, Places(model, report), sampling, predicted_by="fold" if work else "ensemble")
    show_table(found.table)
    typer.echo("Temperatures: " + ", ".join(f"{name} {each:.3f}" for name, each in found.temperatures.items()))
    typer.echo(f"{report / PAGE_FILE} has the pictures; the temperatures are in {model}.")
