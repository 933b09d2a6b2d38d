"""HECKTOR 2022, 2025 and 2026: from CT, PET and label maps in any of their layouts to an nnU-Net data set.

The channels are the container's own. Label maps that lie on another grid than their CT, as some of 2022 do, are laid on
it by nearest neighbour. A patient's name begins with the centre, by which the folds are dealt.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import SimpleITK as sitk
import typer

from containers.hecktor.method import NO_PET, SETTINGS, Settings, channels_of
from containers.hecktor.spec import CT, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.platform.reading import read_image
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.raw_dataset import Description, write_description, write_sample
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, five_folds_by_centre, one_fold_a_centre
from hnseg_training.dataset.work_folder import WorkFolder, usable_cores, write_json
from hnseg_training.fitting.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.workers import each

logger = logging.getLogger(__name__)

CHALLENGE = "hecktor"
TITLE = "HECKTOR"
CONVERSION_FILE = "conversion.json"
INSIDE = ("", "hecktor2022_training", "hecktor2026_training", "Task 1")
"""Where the patients may lie in the folder that is given."""

# A quarter of the patches shows what to do without a PET.
PET_DROPOUT = ChannelDropout(channel=1, whole=0.25, truncated=0.0)


@dataclass(frozen=True)
class Source:
    """The public files of a patient.

    Attributes:
        name: The patient's, which becomes nnU-Net's name of the sample.
        ct: The image whose grid the label map is to have.
        pet: None where there is none.
        label_map: What to learn.
    """

    name: str
    ct: Path
    pet: Path | None
    label_map: Path

    @property
    def centre(self) -> str:
        """The letters that the name begins with, such as CHUM; empty where there are none."""
        return re.split(r"[^A-Za-z]", self.name, maxsplit=1)[0]


@dataclass(frozen=True)
class Converted:
    """What is kept of a patient once its files are written.

    Attributes:
        name: The patient's.
        record: Volumes, crop and what became of the PET, for the data set's record.
        refused_pet: Why the PET can't be used; empty where it can or there is none.
    """

    name: str
    record: dict[str, Any]
    refused_pet: str = ""


@dataclass(frozen=True)
class Options:
    """How to convert.

    Attributes:
        dataset_id: nnU-Net's number of the data set.
        seed: Of the folds.
        workers: Processes that read and write patients.
        leave_one_centre_out: One fold a centre, in place of five that have a share of each.
        leave_out_bad_pet: Convert patients whose PET can't be used as CT only, in place of refusing them.
    """

    dataset_id: int = 506
    seed: int = 42
    workers: int = 1
    leave_one_centre_out: bool = False
    leave_out_bad_pet: bool = False


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="The training data's folder of any edition, or the one above it.")],
    output: Annotated[Path, typer.Option(help="The work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 506,
    pet_channel: Annotated[bool, typer.Option(help="Without it the network sees the CT alone.")] = True,
    settings: Annotated[
        str, typer.Option(help=f"{', '.join(SETTINGS)}, or a JSON file with the method's settings.")
    ] = "default",
    leave_one_centre_out: Annotated[
        bool, typer.Option("--leave-one-centre-out", help="One fold a centre, in place of five with a share of each.")
    ] = False,
    leave_out_bad_pet: Annotated[
        bool, typer.Option("--leave-out-bad-pet", help="Convert patients whose PET can't be used as CT only.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the folds.")] = 42,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read and write patients.")] = usable_cores(),
) -> None:
    """Convert the public data of HECKTOR 2022, 2025 or 2026."""
    chosen = read_settings(settings, dict(SETTINGS)).model_copy(update={"pet_channel": pet_channel})
    options = Options(dataset_id, seed, workers, leave_one_centre_out, leave_out_bad_pet)
    convert(source, output, settings=chosen, options=options)


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of what was found.

    Args:
        source: The training data's folder of any edition, or the one above it.
        output: The work folder.
        settings: Of the method; written as method.json.
        options: How to.

    Returns:
        The work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    sources = find_sources(source)
    everyone = [Patient(found.name, (found.name,), centre=found.centre) for found in sources]
    by_centre = options.leave_one_centre_out
    folds = one_fold_a_centre(everyone) if by_centre else five_folds_by_centre(everyone, seed=options.seed)
    work = WorkFolder.create(output, challenge=CHALLENGE, dataset_id=options.dataset_id)
    try:
        patients = list(_converted(work, sources, settings, options.workers))
        if not options.leave_out_bad_pet:
            _check_pets(patients)
    except BaseException:
        work.discard()
        raise
    names = ["CT", "noNorm"] if settings.pet_channel else ["CT"]
    write_description(work, Description(TITLE, names, LABELS, len(sources), turned=True))
    write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
    augmentation = Augmentation(dropouts=(PET_DROPOUT,) if settings.pet_channel else ())
    write_json(work.raw / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))
    write_json(work.raw / CONVERSION_FILE, {"source": str(source.resolve()), "patients": _records(patients)})
    write_json(work.preprocessed / SPLITS_FILE, folds)
    logger.info("converted %d patients to %s: %s", len(patients), work.raw, _in_words(patients))
    return work


def find_sources(source: Path) -> list[Source]:
    """Return the files of every patient, in the order of their names.

    Raises:
        InputError: There are no patients, or one has no CT or no label map.
    """
    for root in (source / inside for inside in INSIDE):
        found = _sources_among(root)
        if found:
            break
    else:
        raise InputError(
            f"{source} must hold HECKTOR's training data, as imagesTr/<patient>__CT.nii.gz and"
            " labelsTr/<patient>.nii.gz or as <patient>/<patient>__CT.nii.gz and so on, but there is no patient in it."
            " Was the archive unpacked there?"
        )
    wanted = [path for patient in found for path in (patient.ct, patient.label_map)]
    if missing := [str(path.relative_to(root)) for path in wanted if not path.is_file()]:
        raise InputError(
            f"Every patient must have a CT and a label map, but {_listed(missing)}"
            f" {'are' if len(missing) > 1 else 'is'} missing in {root}. Was the archive unpacked to the end?"
        )
    return found


def _sources_among(root: Path) -> list[Source]:
    """Return the patients whose folders, or whose imagesTr and labelsTr, lie in a folder."""
    if (root / "imagesTr").is_dir():
        files = [*root.glob("imagesTr/*__*.nii.gz"), *root.glob("labelsTr/*.nii.gz")]
        places = {_patient_of(path): (root / "imagesTr", root / "labelsTr") for path in files}
    else:
        files = [path for path in root.glob("*/*.nii.gz") if _patient_of(path) == path.parent.name]
        places = {_patient_of(path): (path.parent, path.parent) for path in files}
    return [_source(name, *places[name]) for name in sorted(places)]


def _patient_of(path: Path) -> str:
    return path.name.removesuffix(".nii.gz").split("__")[0]


def _source(name: str, images: Path, label_maps: Path) -> Source:
    pet = images / f"{name}__PT.nii.gz"
    return Source(
        name=name,
        ct=images / f"{name}__CT.nii.gz",
        pet=pet if pet.is_file() else None,
        label_map=label_maps / f"{name}.nii.gz",
    )


def _converted(work: WorkFolder, sources: Sequence[Source], settings: Settings, workers: int) -> Iterator[Converted]:
    """Write every patient's files, several at a time, and yield what is kept of them in order."""
    write = partial(_convert_patient, work, settings=settings, threads=max(1, usable_cores() // workers))
    return each(write, sources, workers=workers, title="converting patients")


def _convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(SPEC.input(CT), source.ct)
    truth = _on_grid_of_ct(source, Grid.of(ct))
    channels, refused = _channels(ct, source, settings)
    kept = resample_label_map(truth, channels.grid)
    write_sample(work, source.name, channels, kept)
    before, after = _volumes_ml(truth), _volumes_ml(kept)
    record = {
        "centre": source.centre,
        "volumes_ml": before,
        "lost_by_the_crop_ml": {name: round(before[name] - after[name], 3) for name in before},
        "pet": _became_of_pet(source, settings, channels, refused),
        "notes": [f"CT only: {refused}" if refused and note == NO_PET else note for note in channels.notes],
        **channels.record,
    }
    return Converted(source.name, record, refused)


def _channels(ct: sitk.Image, source: Source, settings: Settings) -> tuple[Channels, str]:
    """Return a patient's channels, and why the PET is not among them where it can't be used."""
    files = {CT: source.ct}
    if source.pet is None or not settings.pet_channel:
        return channels_of(ct, None, settings, files=files), ""
    try:
        pet = read_image(SPEC.input(PET), source.pet)
        return channels_of(ct, pet, settings, files={**files, PET: source.pet}), ""
    except InputError as error:
        return channels_of(ct, None, settings, files=files), str(error)  # which raises again if it was the CT


def _became_of_pet(source: Source, settings: Settings, channels: Channels, refused: str) -> str:
    if not settings.pet_channel:
        return "not asked for"
    if source.pet is None:
        return "missing"
    if refused:
        return "refused"
    return "elsewhere" if any(note.startswith("CT only") for note in channels.notes) else "used"


def _on_grid_of_ct(source: Source, grid: Grid) -> sitk.Image:
    """Return the label map on the CT's grid; where it lies on another one, by nearest neighbour."""
    label_map = read_volume(source.label_map, title="label map", labels=LABELS)
    if (own := Grid.of(label_map)).matches(grid):
        return label_map
    moved = resample_label_map(label_map, grid)
    for name, volume_ml in _volumes_ml(label_map).items():
        if volume_ml > 0 and _volumes_ml(moved)[name] == 0:
            raise InputError(
                f"The label map must lie where its CT {source.ct.name} is, but none of the {volume_ml:.2f} ml of {name}"
                f" in {source.label_map} do; it has {own.differences(grid)}."
                " Are files of two patients mixed up, or was a header lost?"
            )
    return moved


def _volumes_ml(label_map: sitk.Image) -> dict[str, float]:
    voxel_ml = Grid.of(label_map).voxel_volume_mm3 / 1000
    counts = np.bincount(sitk.GetArrayViewFromImage(label_map).ravel(), minlength=max(LABELS) + 1)
    return {name: round(float(counts[value]) * voxel_ml, 3) for value, name in LABELS.items()}


def _check_pets(patients: Sequence[Converted]) -> None:
    """Refuse the data set where a PET can't be used, with all that are so in one sentence."""
    refused = [patient for patient in patients if patient.refused_pet]
    if refused:
        raise InputError(
            f"Every PET must be one that the container would take, but {len(refused)} of {len(patients)} are not:"
            f" {_listed([patient.name for patient in refused])}. The first: {refused[0].refused_pet} Nothing was"
            " converted: mend them, or convert these patients as CT only with --leave-out-bad-pet."
        )


def _records(patients: Sequence[Converted]) -> Mapping[str, Any]:
    return {patient.name: patient.record for patient in patients}


def _in_words(patients: Sequence[Converted]) -> str:
    """Say in one line what the whole set is: centres, PETs, and what was lost."""
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


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
