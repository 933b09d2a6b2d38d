"""Conversion of HaN-Seg 2023 (Zenodo 7442914): from `HaN-Seg/set_1/case_XX/` to an nnU-Net data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from containers.han_seg.method import Settings
from containers.han_seg.spec import LABELS
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg_training.challenges.han_seg.patients import ORDER, Converted, check_patient, convert_patient
from hnseg_training.challenges.han_seg.sources import Source, find_sources
from hnseg_training.challenges.han_seg.unknown_voxels import ignore_unknown_voxels
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE, Conversion, Recipe
from hnseg_training.dataset.conversion.request import DEFAULT_WORKERS, LeaveOut, Request, Workers
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.raw_dataset import Description, write_description
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, dealt_folds
from hnseg_training.dataset.work_folder import WorkFolder, write_json

CHALLENGE = "han_seg"
TITLE = "HaN-Seg 2023"

# 30 % of the patches have no MR, another 14 % one that ends early, as its field of view may.
MR_DROPOUT = ChannelDropout(channel=1, whole=0.3, truncated=0.2)


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read, register and write patients.
        leave_out: Names of patients that are not converted.
    """

    dataset_id: int = 505
    seed: int = 42
    workers: int = 1
    leave_out: Sequence[str] = ()


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="HaN-Seg, the folder that holds it, or its set_1.")],
    output: Annotated[Path, typer.Option(help="The work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 505,
    mr_channel: Annotated[bool, typer.Option(help="Without it the network sees the CT alone.")] = True,
    settings: Annotated[str, typer.Option(help='"default", or a JSON file with the method\'s settings.')] = "default",
    leave_out: LeaveOut = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds.")] = 42,
    workers: Workers = DEFAULT_WORKERS,
) -> None:
    """Convert the public data of HaN-Seg 2023."""
    chosen = read_settings(settings, {"default": Settings()}).model_copy(update={"mr_channel": mr_channel})
    convert(source, output, settings=chosen, options=Options(dataset_id, seed, workers, leave_out or ()))


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        source: HaN-Seg's folder, a folder that holds it, or its set_1.
        output: Work folder to make, or to go on with.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    finding = find_sources(source)
    conversion = Conversion(_recipe(settings, options), _request(output, options))
    sources = conversion.surveyed(finding)
    folds = dealt_folds([Patient(found.name, (found.name,)) for found in sources], seed=options.seed)
    with conversion.converted(sources) as done:
        ignored = {one.name: ignore_unknown_voxels(done.unfinished, one, done.facts) for one in done.facts}
        any_ignored = any(sum(voxels.values()) for voxels in ignored.values())
        _write_whole_set(done.work, settings, samples=len(sources), any_ignored=any_ignored)
        record = {**conversion.record(finding), **_record(done.facts, ignored)}
        write_json(done.work.raw / CONVERSION_FILE, record)
        write_json(done.work.preprocessed / SPLITS_FILE, folds)
    conversion.log_end(done.work, patients=len(sources), folds=len(folds), notes=_in_words(done.facts))
    return done.work


def _recipe(settings: Settings, options: Options) -> Recipe[Source, Converted]:
    write = partial(convert_patient, settings=settings, threads=max(1, usable_threads() // options.workers))
    return Recipe(CHALLENGE, Converted, check_patient, write, {"settings": settings.model_dump(mode="json")})


def _request(output: Path, options: Options) -> Request:
    return Request(output, options.dataset_id, options.leave_out, options.workers)


def _write_whole_set(work: WorkFolder, settings: Settings, *, samples: int, any_ignored: bool) -> None:
    """Write what training and inference take over from the whole data set."""
    names = ["CT", "noNorm"] if settings.mr_channel else ["CT"]
    write_description(work, Description(TITLE, names, LABELS, samples, ignored=any_ignored, turned=True))
    write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
    augmentation = Augmentation(unmirrored_axes=("x",), dropouts=(MR_DROPOUT,) if settings.mr_channel else ())
    write_json(work.raw / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))


def _record(patients: Sequence[Converted], ignored: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return HaN-Seg's part of `conversion.json`: the whole set, then each patient."""
    overlaps: Counter[str] = Counter()
    for patient in patients:
        overlaps.update(patient.record["overlapping_voxels"])
    return {
        "painted_in_order": ORDER,
        "overlapping_voxels": dict(overlaps.most_common()),
        "patients": {patient.name: {**patient.record, "ignored_voxels": ignored[patient.name]} for patient in patients},
    }


def _in_words(patients: Sequence[Converted]) -> str:
    """Return the numbers of patients with organs missing, and of those whose MR is not on the CT."""
    lacking = sum(bool(patient.organs_without_mask) for patient in patients)
    without = sum(patient.lacks_mr for patient in patients)
    return f"organs without a mask in {lacking or 'none'}, no MR on the CT in {without or 'none'}"
