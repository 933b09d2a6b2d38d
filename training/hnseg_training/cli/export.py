"""`hnseg-train export`: write the bundle that a container runs, and its archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg_training.cli.options import Challenge, Planned, folds_named
from hnseg_training.dataset.work_folder import WorkFolder, read_json

if TYPE_CHECKING:
    from hnseg.inference.model.manifest import Fold
    from hnseg_training.graphs.trainer_network import TrainerCode

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

_Results = Annotated[
    Path | None, typer.Option(help="Instead of --work: nnU-Net's own result folder, Trainer__Plans__configuration.")
]
_Trainer = Annotated[
    str | None,
    typer.Option(help="Class that trained a network other than the plans'; it builds it, and folds become graphs."),
]
_TrainerPath = Annotated[
    Path | None, typer.Option(exists=True, help="Its Python file, or the folder, where it is not one of nnU-Net's.")
]
_MOST_FOLDS = 1000


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    challenge: Challenge,
    output: Annotated[Path, typer.Option(help="The bundle's folder; <output>.tar.gz is written beside it.")],
    work: Annotated[Path | None, typer.Option(help="The folder that convert made.")] = None,
    results: _Results = None,
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
    trainer: _Trainer = None,
    trainer_path: _TrainerPath = None,
) -> None:
    """Write the bundle and the archive to upload, of a work folder or of nnU-Net's own result folder."""
    from hnseg_training.dataset.splits import fold_count
    from hnseg_training.export import Label, export, export_results
    from hnseg_training.fitting.plan import planned_preset
    from hnseg_training.fitting.selection.best_fold import best_fold
    from hnseg_training.fitting.stages import at_stage, last_trained

    code = _code(trainer, trainer_path, openvino=openvino)
    measured = _metrics_in(metrics)
    named = name or f"{challenge} ensemble"
    if (source := _source(work, results)) is results:
        label = Label(named, version, licence, training_data or source.resolve().parent.name, measured)
        chosen = _folds_in(source, folds, checkpoint)
        export_results(
            source,
            output,
            folds=chosen,
            checkpoint=checkpoint,
            label=label,
            openvino=openvino,
            code=code,
            postprocessing=_postprocessing_named(postprocessing),
        )
        return
    folder = WorkFolder.open(source, challenge=challenge)
    planned = planned_preset(folder, preset)
    best = best_fold(folder, planned) if folds == BEST else None
    label = Label(
        name=named,
        version=version,
        licence=licence,
        training_data=training_data or read_json(folder.raw / "dataset.json", having=["name"])["name"],
        metrics={**(best.metrics() if best else {}), **measured},
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
        code=code,
    )


def _postprocessing_named(text: str | None) -> Path | Literal["none"] | None:
    """Return the file of the postprocessing, "none" where none is wanted, and None where it is to be found."""
    if not text:
        return None
    return "none" if text == "none" else Path(text)


def _source(work: Path | None, results: Path | None) -> Path:
    """Return the folder that is exported."""
    source = work or results
    if source is None or (work and results):
        raise typer.BadParameter("one of --work and --results must be given, and not both", param_hint="--work")
    return source


def _folds_in(results: Path, text: str | None, checkpoint: Literal["final", "best"]) -> list[Fold]:
    """Return the folds of nnU-Net's result folder that an option names; left out, all that are trained.

    Raises:
        InputError: They can't be named so.
        ModelError: No fold is trained.
    """
    from hnseg.inference.model.bundle import open_bundle

    if text == BEST:
        raise InputError("The best of several runs is found in a work folder (--work), not in a result folder.")
    if text is not None:
        return folds_named(text, of=_MOST_FOLDS)
    return list(open_bundle(results, checkpoint=checkpoint).folds)


def _code(trainer: str | None, path: Path | None, *, openvino: bool) -> TrainerCode | None:
    """Return the code of a trainer whose network becomes graphs; None where the plans describe the network.

    Raises:
        InputError: Options don't go together.
    """
    from hnseg_training.graphs.trainer_network import TrainerCode

    if trainer is None:
        if path is not None:
            raise InputError("--trainer-path says where a trainer's code is, and needs its class's name: --trainer.")
        return None
    if openvino:
        raise InputError("OpenVINO reads a trainer's graphs as they are. Leave --openvino out.")
    return TrainerCode(trainer, path)


def _metrics_in(path: Path | None) -> dict[str, float]:
    """Return measured values by name; none without a file."""
    if path is None:
        return {}
    try:
        return TypeAdapter(dict[str, FiniteFloat]).validate_python(read_json(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"--metrics must be a JSON object with a number by name, but in {path}"
            f" {' > '.join(map(str, first['loc'])) or 'the whole'} is none: {first['msg']}."
        ) from error
