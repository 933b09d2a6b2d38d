"""Data set of PET/CT patients in nnU-Net's layout: samples, folds, and what training and inference take over."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.inference.model.manifest import METHOD_FILE
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.dataset.pet_ct_patients import (
    CONVERSION_FILE,
    Method,
    check_pets,
    converted_patients,
    in_words,
    records,
)
from hnseg_training.dataset.pet_ct_sources import Source
from hnseg_training.dataset.raw_dataset import Description, write_description
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, Split
from hnseg_training.dataset.work_folder import WorkFolder, write_json

logger = logging.getLogger(__name__)

# A quarter of the patches have no PET, or a missing one would look like one without any uptake.
PET_DROPOUT = ChannelDropout(channel=1, whole=0.25, truncated=0.0)


@dataclass(frozen=True)
class PetCtDataset:
    """Data set of PET/CT patients that is to be written.

    Attributes:
        challenge: Name of the challenge.
        title: Name of the data set.
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        method: Method of the container that makes the channels.
        origin: Facts on the public data, for `conversion.json`.
        workers: Processes that read and write patients.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
    """

    challenge: str
    title: str
    dataset_id: int
    method: Method
    origin: Mapping[str, Any]
    workers: int = 1
    leave_out_bad_pet: bool = False


def patients_of(sources: Sequence[Source]) -> list[Patient]:
    """Return the patients of some public files, each a sample, for the dealing of folds."""
    return [Patient(found.name, (found.name,), centre=found.centre) for found in sources]


def write_pet_ct_dataset(
    dataset: PetCtDataset, sources: Sequence[Source], folds: Sequence[Split], output: Path
) -> WorkFolder:
    """Write every patient's sample, the folds, the method's settings and the record of the conversion.

    Args:
        dataset: Data set.
        sources: Public files of the patients.
        folds: Folds of the samples.
        output: Work folder to make.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is not what it must be, or the work folder holds a data set already.
    """
    settings = dataset.method.settings
    with WorkFolder.begun(output, challenge=dataset.challenge, dataset_id=dataset.dataset_id) as work:
        patients = list(converted_patients(work, sources, dataset.method, workers=dataset.workers))
        if not dataset.leave_out_bad_pet:
            check_pets(patients)
        names = ["CT", "noNorm"] if settings.pet_channel else ["CT"]
        write_description(work, Description(dataset.title, names, dataset.method.labels, len(sources), turned=True))
        write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
        augmentation = Augmentation(dropouts=(PET_DROPOUT,) if settings.pet_channel else ())
        write_json(work.raw / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))
        write_json(work.raw / CONVERSION_FILE, {**dataset.origin, "patients": records(patients)})
        write_json(work.preprocessed / SPLITS_FILE, folds)
    logger.info("converted %d patients to %s: %s", len(patients), work.raw, in_words(patients))
    return work
