"""Conversion of HECKTOR 2022, 2025 and 2026: from CT, PET and label maps in their layouts to an nnU-Net data set.

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
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
import typer

from containers.hecktor.method import SETTINGS, Settings
from containers.hecktor.spec import CT, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.formats import has_suffix, stem_of
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.files.visible import in_any_case, visible_in
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg.imaging.pet_ct.channels import PET_CHANNEL, pet_ct_channels
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg.platform.reading import read_image
from hnseg_training.dataset.completeness import check_nothing_missing, listed, log_untaken
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.raw_dataset import Description, write_description, write_sample
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, five_folds_by_centre, one_fold_a_centre
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.workers import each

logger = logging.getLogger(__name__)

CHALLENGE = "hecktor"
TITLE = "HECKTOR"
CONVERSION_FILE = "conversion.json"
INSIDE = ("", "hecktor2022_training", "hecktor2026_training", "Task 1")
"""Folders below the given one that may hold the patients."""
PetState = Literal["used", "not asked for", "missing", "refused", "elsewhere"]
"""State of a patient's PET, as `conversion.json` has it; elsewhere: it doesn't cover the body on the CT."""

# A quarter of the patches have no PET.
PET_DROPOUT = ChannelDropout(channel=1, whole=0.25, truncated=0.0)


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Name of the patient, and of the sample in nnU-Net.
        ct: CT, whose grid the label map is brought to.
        pet: PET; None where there is none.
        label_map: Label map to learn.
    """

    name: str
    ct: Path
    pet: Path | None
    label_map: Path

    @property
    def centre(self) -> str:
        """Letters at the start of the name, such as CHUM; empty where there are none."""
        return re.split(r"[^A-Za-z]", self.name, maxsplit=1)[0]


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


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read and write patients.
        leave_one_centre_out: Whether there is one fold a centre, in place of five with patients of each centre.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
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
    seed: Annotated[int, typer.Option(min=0, help="Of the folds.")] = 42,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read and write patients.")] = usable_threads(),
) -> None:
    """Convert the public data of HECKTOR 2022, 2025 or 2026."""
    chosen = read_settings(settings, dict(SETTINGS)).model_copy(update={"pet_channel": pet_channel})
    options = Options(dataset_id, seed, workers, leave_one_centre_out, leave_out_bad_pet)
    convert(source, output, settings=chosen, options=options)


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        source: Folder of the training data of any edition, or the folder that holds it.
        output: Work folder to make.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    sources = find_sources(source)
    all_patients = [Patient(found.name, (found.name,), centre=found.centre) for found in sources]
    by_centre = options.leave_one_centre_out
    folds = one_fold_a_centre(all_patients) if by_centre else five_folds_by_centre(all_patients, seed=options.seed)
    with WorkFolder.begun(output, challenge=CHALLENGE, dataset_id=options.dataset_id) as work:
        patients = list(_converted(work, sources, settings, options.workers))
        if not options.leave_out_bad_pet:
            _check_pets(patients)
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
    _check_complete(found, root)
    return found


def _check_complete(found: Sequence[Source], root: Path) -> None:
    """Refuse data with missing files, and log what of it is not converted."""
    wanted = [path for patient in found for path in (patient.ct, patient.label_map)]
    missing = [str(path.relative_to(root)) for path in wanted if not path.is_file()]
    check_nothing_missing(missing, must="Every patient must have a CT and a label map", root=root)
    log_untaken(root, {*wanted, *(patient.pet for patient in found if patient.pet)})


def _sources_among(root: Path) -> list[Source]:
    """Return the patients of a folder that holds imagesTr and labelsTr, or a folder each; empty for another."""
    if (root / "imagesTr").is_dir():
        files = [*_niftis_in(root / "imagesTr", among="__"), *_niftis_in(root / "labelsTr")]
        places = {_patient_of(path): (root / "imagesTr", root / "labelsTr") for path in files}
    else:
        folders = (folder for folder in visible_in(root) if any(map(_is_of_its_folder, _niftis_in(folder))))
        places = {folder.name: (folder, folder) for folder in folders}
    return [_source(name, *places[name]) for name in sorted(places)]


def _patient_of(path: Path) -> str:
    """Return the patient in a file's name."""
    return stem_of(path.name).split("__")[0]


def _is_of_its_folder(path: Path) -> bool:
    """Return whether a file belongs to the patient that its folder is named after."""
    return _patient_of(path) == path.parent.name


def _niftis_in(folder: Path, *, among: str = "") -> list[Path]:
    """Return the NIfTI files in a folder whose names have a text in them."""
    return [path for path in visible_in(folder) if among in path.name and has_suffix(path.name, (".nii.gz",))]


def _source(name: str, images: Path, label_maps: Path) -> Source:
    """Return the public files of a patient; CT and label map need not exist."""
    pet = in_any_case(images / f"{name}__PT.nii.gz")
    return Source(
        name=name,
        ct=in_any_case(images / f"{name}__CT.nii.gz"),
        pet=pet if pet.is_file() else None,
        label_map=in_any_case(label_maps / f"{name}.nii.gz"),
    )


def _converted(work: WorkFolder, sources: Sequence[Source], settings: Settings, workers: int) -> Iterator[Converted]:
    """Write every patient's files, several at a time, and yield the facts about them in order."""
    write = partial(_convert_patient, work, settings=settings, threads=max(1, usable_threads() // workers))
    return each(write, sources, workers=workers, title="converting patients")


def _convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    """Write a patient's files, and return the facts about them."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(SPEC.input(CT), source.ct)
    truth = _on_grid_of_ct(source, Grid.of(ct))
    channels, refused_pet = _channels(ct, source, settings)
    kept = resample_label_map(truth, channels.grid)
    write_sample(work, source.name, channels, kept)
    before, after = _volumes_ml(truth), _volumes_ml(kept)
    record = {
        "centre": source.centre,
        "volumes_ml": before,
        "lost_by_the_crop_ml": {name: round(before[name] - after[name], 3) for name in before},
        "pet": _pet_state(source, settings, channels, is_refused=bool(refused_pet)),
        "notes": list(channels.notes),
        **channels.record,
    }
    return Converted(source.name, record, refused_pet)


def _channels(ct: sitk.Image, source: Source, settings: Settings) -> tuple[Channels, str]:
    """Return a patient's channels, and the sentence that refuses the PET; empty where it is not refused."""
    if source.pet is None or not settings.pet_channel:
        return pet_ct_channels(ct, None, settings, ct_file=source.ct), ""
    try:
        pet = read_image(SPEC.input(PET), source.pet)
    except InputError as error:
        return pet_ct_channels(ct, None, settings, ct_file=source.ct, absence=str(error)), str(error)
    channels = pet_ct_channels(ct, pet, settings, ct_file=source.ct, pet_file=source.pet)
    is_refused = channels.record["pet_values"]["doubt"] is not None
    return channels, channels.record["modalities"][PET_CHANNEL]["reason"] if is_refused else ""


def _pet_state(source: Source, settings: Settings, channels: Channels, *, is_refused: bool) -> PetState:
    """Return the state of a patient's PET in the data set."""
    if not settings.pet_channel:
        return "not asked for"
    if source.pet is None:
        return "missing"
    if is_refused:
        return "refused"
    return "used" if channels.uses(PET_CHANNEL) else "elsewhere"


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
    """Return the volume of each structure in ml, by name."""
    voxel_ml = Grid.of(label_map).voxel_volume_mm3 / 1000
    counts = np.bincount(sitk.GetArrayViewFromImage(label_map).ravel(), minlength=max(LABELS) + 1)
    return {name: round(float(counts[value]) * voxel_ml, 3) for value, name in LABELS.items()}


def _check_pets(patients: Sequence[Converted]) -> None:
    """Refuse the data set where a PET can't be used, with all such patients in one sentence."""
    refused = [patient for patient in patients if patient.refused_pet]
    if refused:
        raise InputError(
            f"Every PET must be one that the container would take, but {len(refused)} of {len(patients)} are not:"
            f" {listed([patient.name for patient in refused])}. The first: {refused[0].refused_pet} Nothing was"
            " converted: mend them, or convert these patients as CT only with --leave-out-bad-pet."
        )


def _records(patients: Sequence[Converted]) -> Mapping[str, Any]:
    """Return each patient's record, by name."""
    return {patient.name: patient.record for patient in patients}


def _in_words(patients: Sequence[Converted]) -> str:
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
