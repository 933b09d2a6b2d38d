"""Conversion of HaN-Seg 2023 (Zenodo 7442914): from `HaN-Seg/set_1/case_XX/` to an nnU-Net data set.

The masks' file names decide which organ they are: the names inside the files are wrong in the public data. Where masks
overlap, the later of `ORDER` wins. An organ without a mask is not learnt as background: voxels without any organ are
ignored in the region where that organ is expected.
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

from containers.han_seg.method import MR, Settings, channels_of
from containers.han_seg.spec import CT, LABELS, SPEC, T1
from hnseg.errors import InputError
from hnseg.imaging.box import BoxMm
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.files.visible import in_any_case, visible_in
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg.platform.reading import read_image
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.dataset.completeness import check_nothing_missing, log_untaken
from hnseg_training.dataset.expected_region import expected_region
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.organ_masks import Merged, merge
from hnseg_training.dataset.raw_dataset import Description, ignore_label, write_description, write_file, write_sample
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, five_folds
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.workers import each

logger = logging.getLogger(__name__)

CHALLENGE = "han_seg"
TITLE = "HaN-Seg 2023"
CONVERSION_FILE = "conversion.json"

# By volume in an adult, the largest first.
ORDER = (
    "Cavity_Oral", "Bone_Mandible", "Parotid_L", "Parotid_R", "Brainstem", "Larynx_SG", "Lips", "SpinalCord",
    "Glnd_Thyroid", "BuccalMucosa", "Glnd_Submand_L", "Glnd_Submand_R", "Eye_PL", "Eye_PR", "Esophagus_S",
    "A_Carotid_L", "A_Carotid_R", "Cricopharyngeus", "Glottis", "Eye_AL", "Eye_AR", "OpticNrv_L", "OpticNrv_R",
    "Glnd_Lacrimal_L", "Glnd_Lacrimal_R", "OpticChiasm", "Pituitary", "Arytenoid", "Cochlea_L", "Cochlea_R",
)  # fmt: skip

# 30 % of the patches have no MR, another 14 % one that ends early, as its field of view may.
MR_DROPOUT = ChannelDropout(channel=1, whole=0.3, truncated=0.2)


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Name of the patient's folder, and of the sample in nnU-Net.
        ct: CT, the image that the organs were drawn on.
        mr: T1 MR; None where there is none.
        masks: Mask of each organ, by the organ in the file's name.
    """

    name: str
    ct: Path
    mr: Path | None
    masks: Mapping[str, Path]

    @property
    def files(self) -> list[Path]:
        """CT, MR and masks."""
        return [self.ct, *filter(None, [self.mr]), *self.masks.values()]


@dataclass(frozen=True)
class Converted:
    """Facts about a patient whose files are written.

    Attributes:
        name: Name of the patient.
        boxes: Box around each organ, by the organ's name, in mm.
        record: Missing organs, overlaps and use of the MR, for `conversion.json`.
        lacks_mr: Whether there is no MR, or one that the channels were to have and could not.
    """

    name: str
    boxes: Mapping[str, BoxMm]
    record: dict[str, Any]
    lacks_mr: bool


EXAMPLES = (
    "hnseg-train convert han_seg HaN-Seg --output work",
    "hnseg-train convert han_seg HaN-Seg --output work --no-mr-channel",
)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="HaN-Seg, the folder that holds it, or its set_1.")],
    output: Annotated[Path, typer.Option(help="Result: the work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 505,
    mr_channel: Annotated[bool, typer.Option(help="Without it the network sees the CT alone.")] = True,
    settings: Annotated[
        str, typer.Option(help='Settings of the method: "default", or a JSON file with the method\'s settings.')
    ] = "default",
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the folds.")] = 42,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes: those that register and write patients.")
    ] = usable_threads(),
) -> None:
    """Convert the public data of HaN-Seg 2023."""
    chosen = read_settings(settings, {"default": Settings()}).model_copy(update={"mr_channel": mr_channel})
    convert(source, output, settings=chosen, dataset_id=dataset_id, seed=seed, workers=workers)


def convert(
    source: Path, output: Path, *, settings: Settings, dataset_id: int = 505, seed: int = 42, workers: int = 1
) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        source: HaN-Seg's folder, the folder that holds it, or its set_1.
        output: Work folder to make.
        settings: Settings of the method, written as method.json.
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read, register and write patients.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    sources = find_sources(source)
    folds = five_folds([Patient(found.name, (found.name,)) for found in sources], seed=seed)
    with WorkFolder.begun(output, challenge=CHALLENGE, dataset_id=dataset_id) as work:
        patients = list(_converted(work, sources, settings, workers))
        ignored = {patient.name: _ignore_missing(work, patient, patients) for patient in patients}
        any_ignored = any(sum(voxels.values()) for voxels in ignored.values())
        names = ["CT", "noNorm"] if settings.mr_channel else ["CT"]
        write_description(work, Description(TITLE, names, LABELS, len(sources), ignored=any_ignored, turned=True))
        write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
        augmentation = Augmentation(unmirrored_axes=("x",), dropouts=(MR_DROPOUT,) if settings.mr_channel else ())
        write_json(work.raw / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))
        write_json(work.raw / CONVERSION_FILE, _record(patients, ignored))
        write_json(work.preprocessed / SPLITS_FILE, folds)
    logger.info("converted %d patients to %s; %s", len(patients), work.raw, _in_words(patients))
    return work


def find_sources(source: Path) -> list[Source]:
    """Return the files of every patient, in the order of their folders' names.

    Raises:
        InputError: There are no patients, a CT is missing, or a mask's name is no organ's.
    """
    inside = (source / "HaN-Seg" / "set_1", source / "set_1")
    root = next((folder for folder in inside if folder.is_dir()), source)
    sources = list(map(_source, _patients_in(root)))
    if not sources:
        raise InputError(
            f"{source} must hold HaN-Seg/set_1/case_01 and so on, but there is no patient's folder in it."
            " Was the archive unpacked there?"
        )
    missing = [str(found.ct.relative_to(root)) for found in sources if not found.ct.is_file()]
    missing += [f"every mask of {found.name}" for found in sources if not found.masks]
    check_nothing_missing(missing, must="Every patient's folder must hold a CT and masks", root=root)
    log_untaken(root, {path for found in sources for path in found.files})
    return sources


def _patients_in(root: Path) -> list[Path]:
    """Return the patients' folders, in the order of their names."""
    return [folder for folder in visible_in(root) if folder.name.startswith("case_") and folder.is_dir()]


def _source(folder: Path) -> Source:
    """Return the public files of a patient's folder; the CT need not exist."""
    mr = in_any_case(folder / f"{folder.name}_IMG_MR_T1.nrrd")
    return Source(
        name=folder.name,
        ct=in_any_case(folder / f"{folder.name}_IMG_CT.nrrd"),
        mr=mr if mr.is_file() else None,
        masks=dict(_organ_files(folder)),
    )


def _organ_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the organ and the file of each mask in a patient's folder."""
    for path in (path for path in visible_in(folder) if "_OAR_" in path.name):
        name = re.fullmatch(rf"{re.escape(folder.name)}_OAR_(\w+)(?i:\.seg\.nrrd)", path.name)
        if name is None or name[1] not in ORDER:
            raise InputError(
                f"Masks must be named {folder.name}_OAR_<organ>.seg.nrrd after one of HaN-Seg's 30 organs, but there"
                f" is {path}. Was it renamed, or does it belong to another patient or data set?"
            )
        yield name[1], path


def _converted(work: WorkFolder, sources: Sequence[Source], settings: Settings, workers: int) -> Iterator[Converted]:
    """Write every patient's files, several at a time, and yield the facts about them in order."""
    write = partial(_convert_patient, work, settings=settings, threads=max(1, usable_threads() // workers))
    return each(write, sources, workers=workers, title="converting patients")


def _convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    """Write a patient's files, and return the facts about them."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(SPEC.input(CT), source.ct)
    mr = read_image(SPEC.input(T1), source.mr) if source.mr else None
    grid = Grid.of(ct)
    label_of = {name: label for label, name in LABELS.items()}
    merged = merge(source.masks, {name: label_of[name] for name in ORDER}, grid, image=source.ct)
    channels = channels_of(ct, mr, settings)
    write_sample(work, source.name, channels, image_of(merged.labels, grid))
    lacks_mr = source.mr is None or (settings.mr_channel and not channels.uses(MR))
    return Converted(source.name, merged.boxes, _patient_record(source, merged, channels), lacks_mr=lacks_mr)


def _patient_record(source: Source, merged: Merged, channels: Channels) -> dict[str, Any]:
    """Return the facts about a patient that `conversion.json` keeps."""
    return {
        "missing_organs": [name for name in merged.missing if name not in source.masks],
        "empty_masks": [name for name in merged.missing if name in source.masks],
        "overlapping_voxels": {f"{upper} over {lower}": voxels for (upper, lower), voxels in merged.overlaps.items()},
        "mr": "missing" if source.mr is None else list(channels.notes),
        **channels.record,
    }


def _ignore_missing(work: WorkFolder, patient: Converted, patients: Sequence[Converted]) -> dict[str, int]:
    """Ignore background where organs without a mask are expected; return the number of voxels for each of them."""
    ignored = {}
    file = work.raw / "labelsTr" / f"{patient.name}.nii.gz"
    others = [other.boxes for other in patients if other is not patient]
    for name in (*patient.record["missing_organs"], *patient.record["empty_masks"]):
        region = expected_region(name, patient.boxes, others)
        image = read_volume(file, title="label map")
        labels, grid = array_of(image), Grid.of(image)
        unknown = region.mask_on(grid) & (labels == 0) if region else np.zeros(labels.shape, dtype=bool)
        ignored[name] = int(unknown.sum())
        labels[unknown] = ignore_label(LABELS)
        write_file(image_of(labels, grid), file)
    return ignored


def _record(patients: Sequence[Converted], ignored: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the content of `conversion.json`: the whole set, then each patient."""
    overlaps: Counter[str] = Counter()
    for patient in patients:
        overlaps.update(patient.record["overlapping_voxels"])
    return {
        "painted_in_order": ORDER,
        "overlapping_voxels": dict(overlaps.most_common()),
        "patients": {patient.name: {**patient.record, "ignored_voxels": ignored[patient.name]} for patient in patients},
    }


def _in_words(patients: Sequence[Converted]) -> str:
    """Return a line on the organs that are missing, and on the patients whose MR is not on the CT."""
    lacking = [
        f"{patient.name} ({', '.join(names)})"
        for patient in patients
        if (names := patient.record["missing_organs"] + patient.record["empty_masks"])
    ]
    without = [patient.name for patient in patients if patient.lacks_mr]
    organs, mrs = "; ".join(lacking) or "none", ", ".join(without) or "none"
    return f"organs without a mask: {organs}; without an MR on the CT: {mrs}"
