"""`hnseg-train export`: write the bundle that a container runs, and its archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg_training.cli.options import Challenge, Planned, Work, folds_named
from hnseg_training.dataset.work_folder import WorkFolder, read_json

BEST = "best"
"""Text of `--folds` for the best of several runs."""

_Folds = Annotated[
    str | None,
    typer.Option(
        help='As for fit, or "best" for the run with the highest validation DSC, of several on the same split.'
    ),
]
_Stage = Annotated[
    Literal["last", "pretrain", "automatic", "interactive"],
    typer.Option(help="Of a preset that is trained in stages; last: the last one that is trained."),
]


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    work: Work,
    output: Annotated[Path, typer.Option(help="The bundle's folder; <output>.tar.gz is written beside it.")],
    checkpoint: Annotated[Literal["final", "best"], typer.Option(help="Of each fold.")] = "final",
    folds: _Folds = None,
    preset: Planned = None,
    stage: _Stage = "last",
    name: Annotated[str | None, typer.Option(help="What the ensemble is called.")] = None,
    version: Annotated[str, typer.Option(help="Of the weights.")] = "1",
    licence: Annotated[str, typer.Option(help="Of the weights; an SPDX identifier if there is one.")] = "not stated",
    training_data: Annotated[str | None, typer.Option(help="Where it isn't the challenge's own data.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="JSON file: what was measured, and the value.")] = None,
    openvino: Annotated[
        bool, typer.Option("--openvino", help="Convert the network for OpenVINO now, not when a case runs.")
    ] = False,
    ranges: Annotated[
        bool, typer.Option(help="Measure the training data's structures, and put their ranges into the manifest.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes that measure them.")] = usable_threads(),
    postprocessing: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|none",
            help="nnU-Net's postprocessing.pkl or .json; left out, that of these folds where nnU-Net determined one.",
        ),
    ] = None,
) -> None:
    """Write the bundle and the archive to upload."""
    from hnseg_training.dataset.splits import fold_count
    from hnseg_training.export import Label, export
    from hnseg_training.fitting.plan import planned_preset
    from hnseg_training.fitting.selection.best_fold import best_fold
    from hnseg_training.fitting.stages import at_stage, last_trained

    folder = WorkFolder.open(work, challenge=challenge)
    planned = planned_preset(folder, preset)
    best = best_fold(folder, planned) if folds == BEST else None
    label = Label(
        name=name or f"{challenge} ensemble",
        version=version,
        licence=licence,
        training_data=training_data or read_json(folder.raw / "dataset.json", having=["name"])["name"],
        metrics={**(best.metrics() if best else {}), **(_metrics_in(metrics) if metrics else {})},
    )
    chosen = [best.fold] if best else folds_named(folds, of=fold_count(folder))
    export(
        folder,
        last_trained(folder, planned, chosen) if stage == "last" else at_stage(planned, stage),
        output,
        folds=chosen,
        checkpoint=checkpoint,
        label=label,
        openvino=openvino,
        workers=workers if ranges else None,
        postprocessing=_postprocessing_named(postprocessing),
    )


def _postprocessing_named(text: str | None) -> Path | Literal["none"] | None:
    """Return the file of the postprocessing, "none" where none is wanted, and None where it is to be found."""
    if not text:
        return None
    return "none" if text == "none" else Path(text)


def _metrics_in(path: Path) -> dict[str, float]:
    """Return measured values by name."""
    try:
        return TypeAdapter(dict[str, FiniteFloat]).validate_python(read_json(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"--metrics must be a JSON object with a number by name, but in {path}"
            f" {' > '.join(map(str, first['loc'])) or 'the whole'} is none: {first['msg']}."
        ) from error
