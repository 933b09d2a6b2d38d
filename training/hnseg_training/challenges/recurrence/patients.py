"""Samples of patients with recurrences: the container's channels, and one label map of all recurrences in their box.

Label maps that lie on another grid than the CT are laid on it by nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.recurrence.method import Settings, prepare
from containers.recurrence.spec import CT, GTV, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, image_of, resample_label_map
from hnseg.machine import usable_threads
from hnseg.platform.input_files import InputFiles
from hnseg.platform.reading import read_case
from hnseg_training.challenges.recurrence.sources import Source
from hnseg_training.dataset.completeness import listed
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.workers import each

_SOCKETS = {"ct": CT, "pet": PET, "gtv": GTV}
_RECURRENCE = LABELS[1]


@dataclass(frozen=True)
class Converted:
    """Facts about a patient whose files are read.

    Attributes:
        name: Name of the patient.
        record: Volumes in ml and crop, for `conversion.json`; empty where the patient is refused.
        refused: Sentence that refuses the patient, of whom nothing is written; empty where all is fine.
    """

    name: str
    record: dict[str, Any] = field(default_factory=dict)
    refused: str = ""

    @property
    def volume_ml(self) -> float:
        """Volume of all recurrences on the CT, in ml."""
        return float(self.record["volumes_ml"][_RECURRENCE])

    @property
    def lost_ml(self) -> float:
        """Volume of recurrences that lies outside the box, in ml."""
        return float(self.record["lost_by_the_crop_ml"][_RECURRENCE])


def converted_patients(
    work: WorkFolder, sources: Sequence[Source], settings: Settings, *, workers: int
) -> Iterator[Converted]:
    """Write every patient's files, several at a time, and yield the facts about them in order.

    Args:
        work: Work folder that receives the files.
        sources: Files of the patients.
        settings: Settings of the method.
        workers: Processes that read and write patients.
    """
    write = partial(_convert_patient, work, settings=settings, threads=max(1, usable_threads() // workers))
    return each(write, sources, workers=workers, title="converting patients")


def check_none_refused(patients: Sequence[Converted]) -> None:
    """Refuse a data set with patients that can't be learnt from, all of them in one sentence.

    Raises:
        InputError: There are such patients.
    """
    refused = [patient for patient in patients if patient.refused]
    if refused:
        raise InputError(
            "Every patient must be one that the container would take, with recurrences on its CT, but"
            f" {len(refused)} of {len(patients)} are not: {listed([patient.name for patient in refused])}."
            f" The first: {refused[0].refused} Nothing was converted: mend them, or take their folders away."
        )


def in_words(patients: Sequence[Converted]) -> str:
    """Return a line on the whole set: volume of the recurrences, and what of it the box around the GTV cuts off."""
    cut = [patient for patient in patients if patient.lost_ml > 0]
    wholly = sum(patient.lost_ml == patient.volume_ml for patient in cut)
    without = sum(patient.volume_ml == 0 for patient in patients)
    return (
        f"recurrences of {sum(patient.volume_ml for patient in patients):.1f} ml; the crop cut off"
        f" {sum(patient.lost_ml for patient in cut):.1f} ml in {len(cut) or 'no'} patients, everything in"
        f" {wholly or 'none'}; {without or 'none'} without a recurrence"
    )


def _convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    """Write a patient's files, and return the facts about them; or the sentence that refuses the patient."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    try:
        return Converted(source.name, _written(work, source, settings))
    except InputError as error:
        return Converted(source.name, refused=str(error))


def _written(work: WorkFolder, source: Source, settings: Settings) -> dict[str, Any]:
    """Write a patient's files, and return the record.

    Raises:
        InputError: A file is not what it must be.
    """
    case = read_case(SPEC, InputFiles(images={_SOCKETS[stem]: path for stem, path in source.images.items()}))
    grid = Grid.of(case.images[CT])
    channels = prepare(case, settings)
    each_one = {path.name: _on_grid(path, grid) for path in source.recurrences}
    truth = reduce(sitk.Or, each_one.values())
    kept = resample_label_map(truth, channels.grid)  # the box has the CT's own voxels, and 0 beyond them
    write_sample(work, source.name, channels, kept)
    volume_ml = _volume_ml(truth)
    return {
        "files_ml": {name: _volume_ml(label_map) for name, label_map in each_one.items()},
        "volumes_ml": {_RECURRENCE: volume_ml},
        "lost_by_the_crop_ml": {_RECURRENCE: round(volume_ml - _volume_ml(kept), 3)},
        "notes": [*case.notes, *channels.notes],
        **channels.record,
    }


def _on_grid(path: Path, grid: Grid) -> sitk.Image:
    """Return the label map of recurrences, uint8 with 1 in all of them, on the CT's grid.

    Raises:
        InputError: It is no label map, or lies beside the CT.
    """
    volume = read_volume(path, title="label map of the recurrence")
    voxels = sitk.GetArrayViewFromImage(volume)
    if voxels.min() < 0 or not np.equal(np.mod(voxels, 1), 0).all():
        raise InputError(
            f"The label map of the recurrence must hold whole numbers from 0, but {path} has values from"
            f" {voxels.min():g} to {voxels.max():g}. Was an image or a probability given?"
        )
    label_map = volume > 0
    own = Grid.of(label_map)
    if own.matches(grid):
        return image_of(sitk.GetArrayFromImage(label_map), grid)  # to the last bit, so that several can be joined
    moved = resample_label_map(label_map, grid)
    if (volume_ml := _volume_ml(label_map)) > 0 and _volume_ml(moved) == 0:
        raise InputError(
            f"The recurrence must lie where the CT is, but none of the {volume_ml:.2f} ml in {path} do; it has"
            f" {own.differences(grid)}. Was it outlined on a later scan that was not registered to the planning CT?"
        )
    return moved


def _volume_ml(label_map: sitk.Image) -> float:
    """Return the volume of a label map's foreground in ml."""
    voxels = np.count_nonzero(sitk.GetArrayViewFromImage(label_map))
    return round(voxels * Grid.of(label_map).voxel_volume_mm3 / 1000, 3)
