"""Samples of patients with recurrences: the container's channels, and one label map of all recurrences in their box.

Label maps that lie on another grid than the CT are laid on it by nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.recurrence.method import Settings, prepare
from containers.recurrence.spec import CT, GTV, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_grid, read_volume
from hnseg.imaging.geometry import Grid, image_of, resample_label_map
from hnseg.platform.case import Case
from hnseg.platform.input_files import InputFiles
from hnseg.platform.reading import read_case
from hnseg.records import Frozen
from hnseg_training.challenges.recurrence.sources import Source
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.survey.problem import Refusals
from hnseg_training.dataset.work_folder import WorkFolder

_SOCKETS = {"ct": CT, "pet": PET, "gtv": GTV}
_RECURRENCE = LABELS[1]


class Converted(Frozen):
    """Facts about a patient whose files are written."""

    name: str
    record: dict[str, Any]
    """Volumes in ml and crop, for `conversion.json`."""

    @property
    def volume_ml(self) -> float:
        """Volume of all recurrences on the CT, in ml."""
        return float(self.record["volumes_ml"][_RECURRENCE])

    @property
    def lost_ml(self) -> float:
        """Volume of recurrences that lies outside the box, in ml."""
        return float(self.record["lost_by_the_crop_ml"][_RECURRENCE])


def in_words(patients: Sequence[Converted]) -> str:
    """Return a few words on the whole set: volume of the recurrences, and what of it the crop cuts off."""
    cut = [patient for patient in patients if patient.lost_ml > 0]
    wholly = sum(patient.lost_ml == patient.volume_ml for patient in cut)
    without = sum(patient.volume_ml == 0 for patient in patients)
    return (
        f"{sum(patient.volume_ml for patient in patients):.1f} ml; {sum(patient.lost_ml for patient in cut):.1f} ml cut"
        f" in {len(cut)}, all in {wholly}; {without} without a recurrence"
    )


def check_patient(source: Source, *, settings: Settings, threads: int) -> list[str]:
    """Return a sentence for each file of a patient that is not what it must be.

    All voxels are read, and the channels are made: whether a GTV has a PET under it no header says.

    Args:
        source: Files of the patient.
        settings: Settings of the method.
        threads: Threads of ITK.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    refusals = Refusals()
    case = refusals.result_of(partial(_read_case, source))
    if case is not None:
        refusals.result_of(partial(prepare, case, settings))
    grid = Grid.of(case.images[CT]) if case is not None else refusals.result_of(partial(_grid_of_ct, source))
    if grid is not None:
        for path in source.recurrences:
            refusals.result_of(partial(_on_grid, path, grid))
    return list(dict.fromkeys(refusals.sentences))  # a CT that can't be read refuses the case and the grid alike


def convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    """Write a patient's sample, and return the facts about the patient.

    Args:
        work: Work folder that receives the files.
        source: Files of the patient.
        settings: Settings of the method.
        threads: Threads of ITK.

    Raises:
        InputError: A file is not what it must be.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    case = _read_case(source)
    grid = Grid.of(case.images[CT])
    channels = prepare(case, settings)
    each_one = {path.name: _on_grid(path, grid) for path in source.recurrences}
    truth = reduce(sitk.Or, each_one.values())
    kept = resample_label_map(truth, channels.grid)  # the box has the CT's own voxels, and 0 beyond them
    write_sample(work, source.name, channels, kept)
    volume_ml = _volume_ml(truth)
    record = {
        "files_ml": {name: _volume_ml(label_map) for name, label_map in each_one.items()},
        "volumes_ml": {_RECURRENCE: volume_ml},
        "lost_by_the_crop_ml": {_RECURRENCE: round(volume_ml - _volume_ml(kept), 3)},
        "notes": [*case.notes, *channels.notes],
        **channels.record,
    }
    return Converted(name=source.name, record=record)


def _read_case(source: Source) -> Case:
    return read_case(SPEC, InputFiles(images={_SOCKETS[stem]: path for stem, path in source.images.items()}))


def _grid_of_ct(source: Source) -> Grid:
    return read_grid(source.images["ct"], title=SPEC.input(CT).title)


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
