"""Samples of PET/CT patients in an nnU-Net data set: the channels of the container, and the label map on their grid.

Label maps that lie on another grid than their CT are laid on it by nearest neighbour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg.imaging.hounsfield import check_hounsfield
from hnseg.imaging.pet_ct.channels import PET_CHANNEL, PetCtSettings, pet_ct_channels, scans_of
from hnseg.platform.reading import read_image
from hnseg.platform.spec import InputSocket
from hnseg.records import Frozen
from hnseg_training.dataset.pet_ct_sources import Source
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.survey.problem import Refusals
from hnseg_training.dataset.work_folder import WorkFolder

PetState = Literal["used", "not asked for", "missing", "refused", "elsewhere"]
"""State of a patient's PET, as `conversion.json` has it; elsewhere: it doesn't cover the body on the CT."""
_CURE = "Mend it, or convert such patients as CT only with --leave-out-bad-pet."


@dataclass(frozen=True)
class Method:
    """Facts on the container whose method makes the channels.

    Attributes:
        ct: Socket of the CT.
        pet: Socket of the PET.
        labels: Name of each structure by its value.
        settings: Settings of the channels.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
    """

    ct: InputSocket
    pet: InputSocket
    labels: Mapping[int, str]
    settings: PetCtSettings
    leave_out_bad_pet: bool = False


class Converted(Frozen):
    """Facts about a patient whose files are written."""

    name: str
    record: dict[str, Any]
    """Centre, volumes, crop and state of the PET, for `conversion.json`."""


def check_patient(source: Source, *, method: Method, threads: int) -> list[str]:
    """Return a sentence for each file of a patient that is not what it must be.

    All voxels are read: whether a CT is in Hounsfield units and a PET in SUV no header says.

    Args:
        source: Files of the patient.
        method: Method of the container.
        threads: Threads of ITK.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    refusals = Refusals()
    ct = refusals.result_of(partial(read_image, method.ct, source.ct))
    is_hounsfield = ct is not None and refusals.result_of(partial(_check_ct, ct, source.ct)) is not None
    if ct is None:
        refusals.result_of(partial(read_volume, source.label_map, title="label map", labels=method.labels))
    else:
        refusals.result_of(partial(_on_grid_of_ct, source, Grid.of(ct), method.labels))
    if source.pet is not None and method.settings.pet_channel and not method.leave_out_bad_pet:
        pet = refusals.result_of(partial(read_image, method.pet, source.pet))
        if ct is not None and pet is not None and is_hounsfield:
            judged = scans_of(ct, pet, pet_file=source.pet).judged
            if judged.is_bad:
                refusals.sentences.append(f"{judged.left_out} {_CURE}")
    return refusals.sentences


def convert_patient(work: WorkFolder, source: Source, *, method: Method, threads: int) -> Converted:
    """Write a patient's sample, and return the facts about the patient.

    Args:
        work: Work folder that receives the files.
        source: Files of the patient.
        method: Method of the container.
        threads: Threads of ITK.

    Raises:
        InputError: A file is not what it must be.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(method.ct, source.ct)
    grid = Grid.of(ct)
    truth = _on_grid_of_ct(source, grid, method.labels)
    channels, refused_pet = _channels(ct, source, method)
    if refused_pet and not method.leave_out_bad_pet:
        raise InputError(f"{refused_pet} {_CURE}")
    kept = resample_label_map(truth.label_map, channels.grid)
    write_sample(work, source.name, channels, kept)
    before, after = _volumes_ml(truth.label_map, method.labels), _volumes_ml(kept, method.labels)
    record = {
        "centre": source.centre,
        "volumes_ml": before,
        "lost_by_the_crop_ml": {name: round(before[name] - after[name], 3) for name in before},
        "pet": _pet_state(source, method.settings, channels, is_refused=bool(refused_pet)),
        "notes": [*truth.notes, *channels.notes],
        **channels.record,
    }
    return Converted(name=source.name, record=record)


@dataclass(frozen=True)
class _Truth:
    """Label map on the CT's grid.

    Attributes:
        label_map: The label map.
        notes: Sentence on the grid that it was on, where it was another one.
    """

    label_map: sitk.Image
    notes: tuple[str, ...] = ()


def _check_ct(ct: sitk.Image, file: Path) -> bool:
    """Return True; raises InputError for a CT that is not in Hounsfield units."""
    check_hounsfield(ct, file)
    return True


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


def _on_grid_of_ct(source: Source, grid: Grid, labels: Mapping[int, str]) -> _Truth:
    """Return the label map on the CT's grid; where it lies on another one, by nearest neighbour."""
    label_map = read_volume(source.label_map, title="label map", labels=labels)
    if (own := Grid.of(label_map)).matches(grid):
        return _Truth(label_map)
    moved = resample_label_map(label_map, grid)
    for name, volume_ml in _volumes_ml(label_map, labels).items():
        if volume_ml > 0 and _volumes_ml(moved, labels)[name] == 0:
            raise InputError(
                f"The label map must lie where its CT {source.ct.name} is, but none of the {volume_ml:.2f} ml of {name}"
                f" in {source.label_map} do; it has {own.differences(grid)}."
                " Are files of two patients mixed up, or was a header lost?"
            )
    return _Truth(moved, (f"The label map was laid on the CT's grid, since it has {own.differences(grid)}.",))


def _volumes_ml(label_map: sitk.Image, labels: Mapping[int, str]) -> dict[str, float]:
    """Return the volume of each structure in ml, by name."""
    voxel_ml = Grid.of(label_map).voxel_volume_mm3 / 1000
    counts = np.bincount(sitk.GetArrayViewFromImage(label_map).ravel(), minlength=max(labels) + 1)
    return {name: round(float(counts[value]) * voxel_ml, 3) for value, name in labels.items()}


def summary(patients: Sequence[Converted]) -> dict[str, Any]:
    """Return the numbers of patients by centre and by state of the PET, and of those with parts of tumours lost."""
    return {
        "centres": dict(sorted(Counter(one.record["centre"] or "unnamed" for one in patients).items())),
        "pets": dict(sorted(Counter(one.record["pet"] for one in patients).items())),
        "cut_by_the_crop": sum(any(one.record["lost_by_the_crop_ml"].values()) for one in patients),
    }


def in_words(patients: Sequence[Converted]) -> str:
    """Return a few words on the whole set: number of centres, states of the PETs, and patients with tumours cut."""
    counts = summary(patients)
    pets = ", ".join(f"{state} {count}" for state, count in counts["pets"].items())
    centres, cut = len(counts["centres"]), counts["cut_by_the_crop"]
    return f"{centres} centre{'s' if centres > 1 else ''}, PET {pets}, tumours cut in {cut or 'none'}"
