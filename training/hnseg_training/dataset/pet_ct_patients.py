"""Samples of PET/CT patients in an nnU-Net data set: the channels of the container, and the label map on their grid.

Label maps that lie on another grid than their CT are laid on it by nearest neighbour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg.imaging.pet_ct.channels import PET_CHANNEL, PetCtSettings, pet_ct_channels
from hnseg.machine import usable_threads
from hnseg.platform.reading import read_image
from hnseg.platform.spec import InputSocket
from hnseg_training.dataset.completeness import listed
from hnseg_training.dataset.pet_ct_sources import Source
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.workers import each

CONVERSION_FILE = "conversion.json"
"""Name of the record of the conversion, in nnU-Net's folder of the raw data set."""
PetState = Literal["used", "not asked for", "missing", "refused", "elsewhere"]
"""State of a patient's PET, as `conversion.json` has it; elsewhere: it doesn't cover the body on the CT."""


@dataclass(frozen=True)
class Method:
    """Facts on the container whose method makes the channels.

    Attributes:
        ct: Socket of the CT.
        pet: Socket of the PET.
        labels: Name of each structure by its value.
        settings: Settings of the channels.
    """

    ct: InputSocket
    pet: InputSocket
    labels: Mapping[int, str]
    settings: PetCtSettings


@dataclass(frozen=True)
class Converted:
    """Facts about a patient whose files are written.

    Attributes:
        name: Name of the patient.
        record: Volumes, crop and state of the PET, for `conversion.json`.
        refused_pet: Sentence that refuses the PET; empty where it can be used or there is none.
    """

    name: str
    record: dict[str, Any]
    refused_pet: str = ""


def converted_patients(
    work: WorkFolder, sources: Sequence[Source], method: Method, *, workers: int
) -> Iterator[Converted]:
    """Write every patient's files, several at a time, and yield the facts about them in order.

    Args:
        work: Work folder that receives the files.
        sources: Public files of the patients.
        method: Method of the container.
        workers: Processes that read and write patients.

    Raises:
        InputError: A file is not what it must be.
    """
    write = partial(_convert_patient, work, method=method, threads=max(1, usable_threads() // workers))
    return each(write, sources, workers=workers, title="converting patients")


def _convert_patient(work: WorkFolder, source: Source, *, method: Method, threads: int) -> Converted:
    """Write a patient's files, and return the facts about them."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(method.ct, source.ct)
    truth = _on_grid_of_ct(source, Grid.of(ct), method.labels)
    channels, refused_pet = _channels(ct, source, method)
    kept = resample_label_map(truth, channels.grid)
    write_sample(work, source.name, channels, kept)
    before, after = _volumes_ml(truth, method.labels), _volumes_ml(kept, method.labels)
    record = {
        "centre": source.centre,
        "volumes_ml": before,
        "lost_by_the_crop_ml": {name: round(before[name] - after[name], 3) for name in before},
        "pet": _pet_state(source, method.settings, channels, is_refused=bool(refused_pet)),
        "notes": list(channels.notes),
        **channels.record,
    }
    return Converted(source.name, record, refused_pet)


def _channels(ct: sitk.Image, source: Source, method: Method) -> tuple[Channels, str]:
    """Return a patient's channels, and the sentence that refuses the PET; empty where it is not refused."""
    settings = method.settings
    if source.pet is None or not settings.pet_channel:
        return pet_ct_channels(ct, None, settings, ct_file=source.ct), ""
    try:
        pet = read_image(method.pet, source.pet)
    except InputError as error:
        return pet_ct_channels(ct, None, settings, ct_file=source.ct, absence=str(error)), str(error)
    channels = pet_ct_channels(ct, pet, settings, ct_file=source.ct, pet_file=source.pet)
    is_refused = channels.record["pet_values"]["doubt"] is not None
    return channels, channels.record["modalities"][PET_CHANNEL]["reason"] if is_refused else ""


def _pet_state(source: Source, settings: PetCtSettings, channels: Channels, *, is_refused: bool) -> PetState:
    """Return the state of a patient's PET in the data set."""
    if not settings.pet_channel:
        return "not asked for"
    if source.pet is None:
        return "missing"
    if is_refused:
        return "refused"
    return "used" if channels.uses(PET_CHANNEL) else "elsewhere"


def _on_grid_of_ct(source: Source, grid: Grid, labels: Mapping[int, str]) -> sitk.Image:
    """Return the label map on the CT's grid; where it lies on another one, by nearest neighbour."""
    label_map = read_volume(source.label_map, title="label map", labels=labels)
    if (own := Grid.of(label_map)).matches(grid):
        return label_map
    moved = resample_label_map(label_map, grid)
    for name, volume_ml in _volumes_ml(label_map, labels).items():
        if volume_ml > 0 and _volumes_ml(moved, labels)[name] == 0:
            raise InputError(
                f"The label map must lie where its CT {source.ct.name} is, but none of the {volume_ml:.2f} ml of {name}"
                f" in {source.label_map} do; it has {own.differences(grid)}."
                " Are files of two patients mixed up, or was a header lost?"
            )
    return moved


def _volumes_ml(label_map: sitk.Image, labels: Mapping[int, str]) -> dict[str, float]:
    """Return the volume of each structure in ml, by name."""
    voxel_ml = Grid.of(label_map).voxel_volume_mm3 / 1000
    counts = np.bincount(sitk.GetArrayViewFromImage(label_map).ravel(), minlength=max(labels) + 1)
    return {name: round(float(counts[value]) * voxel_ml, 3) for value, name in labels.items()}


def check_pets(patients: Sequence[Converted]) -> None:
    """Refuse a data set where a PET can't be used, with all such patients in one sentence.

    Raises:
        InputError: There are such patients.
    """
    refused = [patient for patient in patients if patient.refused_pet]
    if refused:
        raise InputError(
            f"Every PET must be one that the container would take, but {len(refused)} of {len(patients)} are not:"
            f" {listed([patient.name for patient in refused])}. The first: {refused[0].refused_pet} Nothing was"
            " converted: mend them, or convert these patients as CT only with --leave-out-bad-pet."
        )


def records(patients: Sequence[Converted]) -> Mapping[str, Any]:
    """Return each patient's record, by name."""
    return {patient.name: patient.record for patient in patients}


def in_words(patients: Sequence[Converted]) -> str:
    """Return a line on the whole set: centres, states of the PETs, and patients with parts of tumours lost."""
    centres = Counter(patient.record["centre"] or "unnamed" for patient in patients)
    pets = Counter(patient.record["pet"] for patient in patients)
    lost = [patient for patient in patients if any(patient.record["lost_by_the_crop_ml"].values())]
    return "; ".join(
        (
            "centres " + ", ".join(f"{name} {count}" for name, count in sorted(centres.items())),
            "PET " + ", ".join(f"{state} {count}" for state, count in sorted(pets.items())),
            f"the crop lost parts of the tumours of {len(lost) or 'no'} patients (see {CONVERSION_FILE})",
        )
    )
