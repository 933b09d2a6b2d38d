"""Conversion of patients with recurrences: from planning PET/CT, GTV and outlines to an nnU-Net data set.

After Kutnár et al. (2023). The channels are the container's own: CT and PET in the box around the GTV, normalised.
nnU-Net takes them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from containers.recurrence.method import SETTINGS, Settings, needs_network
from containers.recurrence.spec import LABELS
from hnseg.errors import InputError
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg_training.challenges.recurrence.patients import Converted, check_patient, convert_patient, in_words
from hnseg_training.challenges.recurrence.sources import Source, find_sources
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE, Conversion, Recipe
from hnseg_training.dataset.conversion.request import DEFAULT_WORKERS, LeaveOut, Request, Workers
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.nested_split import OuterPart, split_named
from hnseg_training.dataset.raw_dataset import Description, write_description
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, Split, dealt_folds
from hnseg_training.dataset.work_folder import WorkFolder, write_json

CHALLENGE = "recurrence"
TITLE = "Recurrence volumes"
_TRAINED = [name for name, settings in SETTINGS.items() if needs_network(settings)]


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        split: Shares of a single split, or part of a nested cross-validation; None deals five folds.
        seed: Seed of the folds, or of the split.
        workers: Processes that read, check and write patients.
        runs: Number of folds with the same single split, each a training from other first weights.
        leave_out: Names of patients that are not converted.
    """

    dataset_id: int = 508
    split: Shares | OuterPart | None = None
    seed: int = 42
    workers: int = 1
    runs: int = 1
    leave_out: Sequence[str] = ()


EXAMPLES = ("hnseg-train convert recurrence patients --output work",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="A folder with a folder a patient.")],
    output: Annotated[Path, typer.Option(help="Result: the work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 508,
    settings: Annotated[
        str,
        typer.Option(help=f"Settings of the method: {', '.join(_TRAINED)}, or a JSON file with the method's settings."),
    ] = "default",
    split: Annotated[
        str | None,
        typer.Option(
            help="In place of five folds: shares of one split into training, validation and test, as 6:2:2; or a part"
            " of a nested cross-validation, as nested:2/5, that is kept for the test, or nested:2/5:3 with three folds."
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, max=99, help="Trainings on the one --split: as many folds, all of them the same.")
    ] = 1,
    leave_out: LeaveOut = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the folds, or of the split.")] = 42,
    workers: Workers = DEFAULT_WORKERS,
) -> None:
    """Convert patients with planning PET/CT, GTV and outlined recurrences."""
    chosen = read_settings(settings, dict(SETTINGS))
    dealt = None if split is None else split_named(split)
    options = Options(dataset_id, dealt, seed, workers, runs, leave_out or ())
    convert(source, output, settings=chosen, options=options)


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Of a split, the patients kept for the test are named in the record alone: nothing that is planned, trained or
    measured from the data set knows them.

    Args:
        source: Folder with a folder a patient, or one above it.
        output: Work folder to make, or to go on with.
        settings: Settings of the method, written as method.json; the rule must be `network`.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, the settings' rule needs no network, several runs are
            asked for without a split, or the work folder holds a data set already.
    """
    if not needs_network(settings):
        raise InputError(
            f"The settings must have the rule network for a network to be trained, but the rule is {settings.rule}."
            " It needs no training: method.json alone is its model."
        )
    _check_runs(options)
    finding = find_sources(source)
    conversion = Conversion(_recipe(settings, options), _request(output, options))
    sources = conversion.surveyed(finding)
    folds, test = _dealt(sources, options)
    learnt = [found for found in sources if found.name not in test]
    with conversion.converted(learnt) as done:
        _write_whole_set(done.work, settings, samples=len(learnt))
        patients = {patient.name: patient.record for patient in done.facts}
        record = {**_origin(source, options), **conversion.record(finding), "test": test, "patients": patients}
        write_json(done.work.raw / CONVERSION_FILE, record)
        write_json(done.work.preprocessed / SPLITS_FILE, folds)
    kept = f"{len(test)} kept for the test; " if test else ""
    conversion.log_end(done.work, patients=len(learnt), folds=len(folds), notes=kept + in_words(done.facts))
    return done.work


def _recipe(settings: Settings, options: Options) -> Recipe[Source, Converted]:
    threads = max(1, usable_threads() // options.workers)
    check = partial(check_patient, settings=settings, threads=threads)
    write = partial(convert_patient, settings=settings, threads=threads)
    return Recipe(CHALLENGE, Converted, check, write, {"settings": settings.model_dump(mode="json")})


def _request(output: Path, options: Options) -> Request:
    return Request(output, options.dataset_id, options.leave_out, options.workers)


def _write_whole_set(work: WorkFolder, settings: Settings, *, samples: int) -> None:
    """Write what training and inference take over from the whole data set."""
    write_description(work, Description(TITLE, _channels_of(settings), LABELS, samples, turned=True))
    write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
    write_json(work.raw / AUGMENTATION_FILE, Augmentation().model_dump(mode="json"))


def _channels_of(settings: Settings) -> list[str]:
    """Return nnU-Net's names of the channels, all of which it takes as they are."""
    return ["noNorm"] * (3 if settings.gtv_channel else 2)


def _check_runs(options: Options) -> None:
    """Refuse several runs without the split that they have in common."""
    if options.runs > 1 and not isinstance(options.split, Shares):
        raise InputError(
            f"Several runs are trainings on the same single split, but {options.runs} were asked for without one."
            " Give --split too, such as 6:2:2."
        )


def _dealt(sources: Sequence[Source], options: Options) -> tuple[list[Split], list[str]]:
    """Return the folds, and the names of the patients that are in none."""
    patients = [Patient(found.name, (found.name,)) for found in sources]
    if options.split is None:
        return dealt_folds(patients, seed=options.seed), []
    folds, test = options.split.deal(patients, seed=options.seed)
    return folds * options.runs, test


def _origin(source: Path, options: Options) -> dict[str, Any]:
    """Return where the patients came from and how they were dealt, for `conversion.json`."""
    split = None if options.split is None else asdict(options.split)
    return {"source": str(source.resolve()), "seed": options.seed, "split": split, "runs": options.runs}
