"""Prediction of every case of a folder by `hnseg predict`, through the loop over cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path

import typer

from hnseg.cli.cases.cohort_run import run_and_report
from hnseg.cli.cases.given_images import check_folder
from hnseg.cli.options.cohort import WorkerOptions
from hnseg.cli.options.prediction import FurtherOutputs, PredictionOptions
from hnseg.cohort.finding.channel_images import find_channel_images
from hnseg.cohort.finding.listing import ignored_in_words
from hnseg.cohort.state.status import STATUS_FILE
from hnseg.cohort.state.store import OWN_FOLDER, CaseStore
from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.formats import has_suffix


def predict_folder(
    model_dirs: Sequence[Path],
    folder: Path,
    output: Path,
    options: PredictionOptions,
    further: FurtherOutputs,
    workers: WorkerOptions,
) -> None:
    """Segment every case of a folder and write the report.

    Args:
        model_dirs: Result folder of nnU-Net, or an exported bundle; or several, whose probabilities are averaged.
        folder: Folder of the cases' images.
        output: Folder that receives a label map a case.
        options: Options of the prediction of each case.
        further: Outputs beside the label map, none of which a folder has.
        workers: Options on the workers.

    Raises:
        InputError: There is no case, but DICOM files or folders, or Dask is not installed; or an option was used that a
            folder does not have.
        ModelError: The model can't be used.
        OutputError: A label map would replace a file that no earlier run wrote.
        Exit: A case failed.
    """
    _check_folders(folder, output, further)
    ram_gib = options.ram_gib if isfinite(options.ram_gib) else None
    settings = workers.settings(limit_s=options.limit_s, ram_gib=ram_gib)
    from hnseg.cohort.predict_work import labels_of, predict_work  # torch is imported once nothing else is wrong
    from hnseg.inference.model.bundle_group import open_models

    check_folder(folder)
    bundle = open_models(model_dirs, folds=options.chosen_folds, checkpoint=options.checkpoint)
    found = find_channel_images(folder, bundle.image_channels)
    typer.echo("; ".join(filter(None, [f"{len(found.cases)} cases", ignored_in_words(found)])) + ".", err=True)
    work = predict_work(
        bundle,
        step=options.step,
        mirroring=not options.no_mirroring,
        skip=options.skip,
        limit_s=options.limit_s,
        **options.loading,
    )
    _check_new(output, [f"{case.name}{work.identity['suffix']}" for case in found.cases])
    run_and_report(
        found.cases,
        work,
        CaseStore(output.absolute(), flat=True),
        settings,
        labels=labels_of(bundle.dataset),
        title=f"Label maps of {folder.name} by {bundle.folder.name}",
        expected=bundle.structures,
    )


def _check_folders(folder: Path, output: Path, further: FurtherOutputs) -> None:
    """Refuse options that a folder of cases does not have, and an output in which label maps would replace images.

    Raises:
        InputError: One of the options was used.
        OutputError: The output is no folder, or the images' own.
    """
    if used := further.asked_for:
        raise InputError(
            f"For a folder of cases, {used[0]} must be left out: it names the files of one image. What was done of each"
            f" case is told by {output / OWN_FOLDER}/CASE/{STATUS_FILE}."
        )
    if output.is_file() or has_suffix(output.name):
        raise OutputError(f"For a folder of cases, --output must be a folder, but {output} is named as a file.")
    if output.resolve() == folder.resolve():
        raise OutputError(
            f"--output must not be the folder of the images, but both are {folder}. Name another folder; nothing was"
            " written."
        )


def _check_new(output: Path, names: Iterable[str]) -> None:
    """Refuse a folder that holds files of these names and is not that of an earlier run."""
    there = [] if (output / OWN_FOLDER).exists() else [output / name for name in names if (output / name).exists()]
    if there:
        raise OutputError(
            f"--output must be a new folder or that of an earlier run, but {there[0]} is there, which no run wrote."
            " Does it hold references, or results of another program? Name another folder; nothing was written."
        )
