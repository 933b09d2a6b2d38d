"""Conversion of HNTS-MRG 2024 (Zenodo 11199559): from `HNTSMRG24_train/<patient>/preRT|midRT/` to an nnU-Net data set.

Each patient gives two samples, of which that of the pre-RT visit is trained on only. nnU-Net keeps one copy of a
sample, so validation inside the cross-validation has drawn margins too; the container uses the fixed ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from containers.hnts_mrg.method import Settings
from containers.hnts_mrg.spec import LABELS
from hnseg.imaging.gradient_map import GradientMapSettings
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg_training.challenges.hnts_mrg.patients import Converted, check_patient, convert_patient
from hnseg_training.challenges.hnts_mrg.sources import Source, find_sources
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE, Conversion, Recipe
from hnseg_training.dataset.conversion.request import DEFAULT_WORKERS, LeaveOut, Request, Workers
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.raw_dataset import Description, write_description
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, dealt_folds
from hnseg_training.dataset.work_folder import WorkFolder, write_json

CHALLENGE = "hnts_mrg"
TITLE = "HNTS-MRG 2024"
KNOWN_SETTINGS = {"default": Settings(), "paper": Settings(gradient_map=GradientMapSettings.paper())}


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        map_name: Name of the gradient channel in nnU-Net, which decides its normalisation.
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the margins and the folds.
        workers: Processes that read and write patients.
        leave_out: Names of patients that are not converted.
    """

    map_name: str = "noNorm"
    dataset_id: int = 504
    seed: int = 42
    workers: int = 1
    leave_out: Sequence[str] = ()


EXAMPLES = ("hnseg-train convert hnts_mrg HNTSMRG24_train --output work",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="HNTSMRG24_train, or the folder that holds it.")],
    output: Annotated[Path, typer.Option(help="Result: the work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 504,
    gradient_channel: Annotated[bool, typer.Option(help="Without it the network sees the T2w alone.")] = True,
    settings: Annotated[
        str,
        typer.Option(help='Settings of the method: "default", "paper", or a JSON file with the method\'s settings.'),
    ] = "default",
    leave_out: LeaveOut = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the boxes' margins and the folds.")] = 42,
    workers: Workers = DEFAULT_WORKERS,
) -> None:
    """Convert the public data of HNTS-MRG 2024."""
    chosen = read_settings(settings, KNOWN_SETTINGS).model_copy(update={"gradient_channel": gradient_channel})
    # In the paper the map is z-scored like the T2w; its values lie in [0, 1] already, so that by default it is not.
    map_name = "gradient map" if settings == "paper" else "noNorm"
    options = Options(map_name, dataset_id, seed, workers, leave_out or ())
    convert(source, output, settings=chosen, options=options)


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        source: Folder HNTSMRG24_train, or a folder that holds it.
        output: Work folder to make, or to go on with.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    finding = find_sources(source)
    request = Request(output, options.dataset_id, options.leave_out, options.workers)
    conversion = Conversion(_recipe(settings, options), request)
    sources = conversion.surveyed(finding)
    patients = [Patient(found.name, (found.mid.sample,), (found.pre.sample,)) for found in sources]
    folds = dealt_folds(patients, seed=options.seed)
    with conversion.converted(sources) as done:
        names = ["T2w", options.map_name] if settings.gradient_channel else ["T2w"]
        write_description(done.work, Description(TITLE, names, LABELS, samples=2 * len(sources)))
        write_json(done.work.raw / METHOD_FILE, settings.model_dump(mode="json"))
        records = {source.name: facts.model_dump() for source, facts in zip(sources, done.facts, strict=True)}
        write_json(done.work.raw / CONVERSION_FILE, {**conversion.record(finding), "patients": records})
        write_json(done.work.preprocessed / SPLITS_FILE, folds)
    empty = sum(bool(facts.empty_masks) for facts in done.facts)
    notes = f"{empty} with an empty mask" if empty else ""
    conversion.log_end(done.work, patients=len(sources), folds=len(folds), notes=notes)
    return done.work


def _recipe(settings: Settings, options: Options) -> Recipe[Source, Converted]:
    threads = max(1, usable_threads() // options.workers)
    write = partial(convert_patient, settings=settings, seed=options.seed, threads=threads)
    depends_on = {"settings": settings.model_dump(mode="json"), "seed": options.seed}
    return Recipe(CHALLENGE, Converted, check_patient, write, depends_on)
