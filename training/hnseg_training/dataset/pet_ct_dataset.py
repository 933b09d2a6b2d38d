"""Data set of PET/CT patients in nnU-Net's layout: samples, folds, and what training and inference take over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.machine import usable_threads
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation, ChannelDropout
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE, Conversion, Recipe
from hnseg_training.dataset.conversion.request import Request
from hnseg_training.dataset.pet_ct_patients import (
    Converted,
    Method,
    check_patient,
    convert_patient,
    in_words,
    summary,
)
from hnseg_training.dataset.pet_ct_sources import PetCtFinding, Source
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
        method: Method of the container that makes the channels.
        origin: Facts on the public data, for `conversion.json`.
        deal: Function from the patients to the folds.
    """

    challenge: str
    title: str
    method: Method
    origin: Mapping[str, Any]
    deal: Callable[[Sequence[Patient]], list[Split]]


def patients_of(sources: Sequence[Source]) -> list[Patient]:
    """Return the patients of some public files, each a sample, for the dealing of folds."""
    return [Patient(found.name, (found.name,), centre=found.centre) for found in sources]


def convert_pet_ct(dataset: PetCtDataset, finding: PetCtFinding, request: Request) -> WorkFolder:
    """Write every patient's sample, the folds, the method's settings and the record of the conversion.

    Args:
        dataset: Data set.
        finding: Public files of the patients.
        request: Work folder, patients to leave out, and processes.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: Files are not what they must be, with all problems in one list; or the work folder holds a data set
            already.
    """
    conversion = Conversion(_recipe(dataset, request), request)
    sources = conversion.surveyed(finding)
    for note in finding.notes:
        logger.info("%s", note)
    folds = dataset.deal(patients_of(sources))
    with conversion.converted(sources) as done:
        _write_whole_set(done.work, dataset, samples=len(sources))
        record = {
            **dataset.origin,
            **conversion.record(finding),
            "notes": list(finding.notes),
            **summary(done.facts),
            "patients": {one.name: one.record for one in done.facts},
        }
        write_json(done.work.raw / CONVERSION_FILE, record)
        write_json(done.work.preprocessed / SPLITS_FILE, folds)
    conversion.log_end(done.work, patients=len(sources), folds=len(folds), notes=in_words(done.facts))
    return done.work


def _recipe(dataset: PetCtDataset, request: Request) -> Recipe[Source, Converted]:
    method = dataset.method
    threads = max(1, usable_threads() // request.workers)
    check = partial(check_patient, method=method, threads=threads)
    write = partial(convert_patient, method=method, threads=threads)
    depends_on = {
        "settings": method.settings.model_dump(mode="json"),
        "leave_out_bad_pet": method.leave_out_bad_pet,
    }
    return Recipe(dataset.challenge, Converted, check, write, depends_on)


def _write_whole_set(work: WorkFolder, dataset: PetCtDataset, *, samples: int) -> None:
    """Write what training and inference take over from the whole data set."""
    settings = dataset.method.settings
    names = ["CT", "noNorm"] if settings.pet_channel else ["CT"]
    write_description(work, Description(dataset.title, names, dataset.method.labels, samples, turned=True))
    write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
    augmentation = Augmentation(dropouts=(PET_DROPOUT,) if settings.pet_channel else ())
    write_json(work.raw / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))
