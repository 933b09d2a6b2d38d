"""`hnseg-train export`: write the bundle that a container runs, and its archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from hnseg.cli.options.records import with_records
from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg.records import first_problem
from hnseg_training.cli.options import Challenge, Planned, folds_named
from hnseg_training.dataset.work_folder import WorkFolder, read_json

if TYPE_CHECKING:
    from hnseg.inference.model.manifest import Fold
    from hnseg_training.export import Label
    from hnseg_training.graphs.trainer_network import TrainerCode

BEST = "best"
"""Text of `--folds` for the best of several runs."""
NOTHING_MEASURED: Mapping[str, float] = MappingProxyType({})
"""Values by name where none is known."""

_MOST_FOLDS = 1000


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """Options on what the manifest says of the weights."""

    name: Annotated[str | None, typer.Option(help="What the ensemble is called.")] = None
    model_version: Annotated[str, typer.Option(help="Version of the weights.")] = "1"
    licence: Annotated[str, typer.Option(help="Of the weights; an SPDX identifier if there is one.")] = "not stated"
    training_data: Annotated[str | None, typer.Option(help="Where it isn't the challenge's own data.")] = None
    metrics: Annotated[Path | None, typer.Option(help="JSON file: what was measured, and the value.")] = None

    def label(self, challenge: str, *, data: str, measured: Mapping[str, float] = NOTHING_MEASURED) -> Label:
        """Return the description of the weights.

        Args:
            challenge: Name of the challenge, from which the ensemble's is made where none is given.
            data: Name of the training data where none is given.
            measured: Values known already, by name.

        Raises:
            InputError: The file of metrics is none.
        """
        from hnseg_training.export import Label

        named = self.name or f"{challenge} ensemble"
        metrics = {**measured, **_metrics_in(self.metrics)}
        return Label(named, self.model_version, self.licence, self.training_data or data, metrics)


@dataclass(frozen=True, kw_only=True)
class FoldOptions:
    """Options on what is written of each fold."""

    checkpoint: Annotated[Literal["final", "best"], typer.Option(help="Checkpoint of each fold.")] = "final"
    openvino: Annotated[
        bool, typer.Option("--openvino", help="Convert the network for OpenVINO now, not when a case runs.")
    ] = False
    postprocessing: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|none",
            help="nnU-Net's postprocessing.pkl or .json; left out, that of these folds where nnU-Net determined one.",
        ),
    ] = None
    trainer: Annotated[
        str | None,
        typer.Option(help="Class that trained a network other than the plans'; it builds it, and folds become graphs."),
    ] = None
    trainer_path: Annotated[
        Path | None, typer.Option(exists=True, help="Its Python file, or the folder, where it is not one of nnU-Net's.")
    ] = None

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of both kinds of export.

        Raises:
            InputError: Options don't go together.
        """
        return {
            "checkpoint": self.checkpoint,
            "openvino": self.openvino,
            "code": _code(self.trainer, self.trainer_path, openvino=self.openvino),
            "postprocessing": _postprocessing_named(self.postprocessing),
        }


@dataclass(frozen=True, kw_only=True)
class WorkOptions:
    """Options on what is exported of a work folder."""

    preset: Planned = None
    stage: Annotated[
        Literal["last", "pretrain", "automatic", "interactive"],
        typer.Option(help="Stage: of a preset that is trained in several; last: the last one that is trained."),
    ] = "last"
    ranges: Annotated[
        bool, typer.Option(help="Measure the training data's structures, and put their ranges into the manifest.")
    ] = True
    workers: Annotated[int, typer.Option(min=1, help="Processes: those that measure them.")] = usable_threads()


EXAMPLES = (
    "hnseg-train export hnts_mrg --work work --output model",
    "hnseg-train export hnts_mrg --results nnUNetTrainer__nnUNetPlans__3d_fullres --output model",
)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    challenge: Challenge,
    output: Annotated[Path, typer.Option(help="Result: the bundle's folder; <output>.tar.gz is written beside it.")],
    *,
    work: Annotated[Path | None, typer.Option(help="Work folder: the one that convert made.")] = None,
    results: Annotated[
        Path | None, typer.Option(help="Instead of --work: nnU-Net's own result folder, Trainer__Plans__configuration.")
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            help='Folds: as for fit, or "best" for the run with the highest validation DSC, of several on one split.'
        ),
    ] = None,
    of_fold: FoldOptions,
    of_work: WorkOptions,
    described: LabelOptions,
) -> None:
    """Write the bundle and the archive to upload, of a work folder or of nnU-Net's own result folder."""
    from hnseg_training.export import export_results

    if (source := _source(work, results)) is not results:
        _export_work(challenge, source, output, folds, of_fold, of_work, described)
        return
    arguments = of_fold.arguments()
    label = described.label(challenge, data=source.resolve().parent.name)
    export_results(source, output, folds=_folds_in(source, folds, of_fold.checkpoint), label=label, **arguments)


def _export_work(  # noqa: PLR0913, PLR0917 (the options of the command)
    challenge: str,
    work: Path,
    output: Path,
    folds: str | None,
    of_fold: FoldOptions,
    chosen: WorkOptions,
    described: LabelOptions,
) -> None:
    """Export folds of a work folder."""
    from hnseg_training.dataset.splits import fold_count
    from hnseg_training.export import export
    from hnseg_training.fitting.plan import planned_preset
    from hnseg_training.fitting.selection.best_fold import best_fold
    from hnseg_training.fitting.stages import at_stage, last_trained

    arguments = of_fold.arguments()
    folder = WorkFolder.open(work, challenge=challenge)
    planned = planned_preset(folder, chosen.preset)
    best = best_fold(folder, planned) if folds == BEST else None
    data = read_json(folder.raw / "dataset.json", having=["name"])["name"]
    label = described.label(challenge, data=data, measured=best.metrics() if best else NOTHING_MEASURED)
    numbers = [best.fold] if best else folds_named(folds, of=fold_count(folder))
    trained = last_trained(folder, planned, numbers) if chosen.stage == "last" else at_stage(planned, chosen.stage)
    workers = chosen.workers if chosen.ranges else None
    export(folder, trained, output, folds=numbers, label=label, workers=workers, **arguments)


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
        raise InputError(
            f"--metrics must be a JSON object with a number by name, but in {path} {first_problem(error)}."
            " Was a value left out, or written as a text?"
        ) from error
