"""Conversion of HN-UISeg: PET/CT in the layouts of HECKTOR, and CT without a PET, to one nnU-Net data set.

The channels of the images are the container's own; those of clicks exist in the network's input only, and are drawn in
training. A patient's name begins with the centre, by which the folds are dealt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from containers.hn_uiseg.method import SETTINGS, Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg_training.dataset.completeness import listed
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.pet_ct_dataset import PetCtDataset, patients_of, write_pet_ct_dataset
from hnseg_training.dataset.pet_ct_patients import Method
from hnseg_training.dataset.pet_ct_sources import Source, find_sources
from hnseg_training.dataset.splits import dealt_folds_by_centre
from hnseg_training.dataset.work_folder import WorkFolder

CHALLENGE = "hn_uiseg"
TITLE = "HN-UISeg"


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read and write patients.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
    """

    dataset_id: int = 507
    seed: int = 42
    workers: int = 1
    leave_out_bad_pet: bool = False


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    sources: Annotated[
        list[Path], typer.Argument(help="Folders of patients, as HECKTOR's of any edition; a PET may be missing.")
    ],
    output: Annotated[Path, typer.Option(help="The work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 507,
    settings: Annotated[
        str, typer.Option(help=f"{', '.join(SETTINGS)}, or a JSON file with the method's settings.")
    ] = "default",
    leave_out_bad_pet: Annotated[
        bool, typer.Option("--leave-out-bad-pet", help="Convert patients whose PET can't be used as CT only.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds.")] = 42,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read and write patients.")] = usable_threads(),
) -> None:
    """Convert PET/CT and CT-only data with tumour and nodes, such as HECKTOR and H&N1."""
    chosen = read_settings(settings, dict(SETTINGS))
    convert(sources, output, settings=chosen, options=Options(dataset_id, seed, workers, leave_out_bad_pet))


def convert(folders: Sequence[Path], output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        folders: Folders of patients, each in a layout of HECKTOR; a patient without a PET is CT only.
        output: Work folder to make.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, two folders have a patient of the same name, or the work
            folder holds a data set already.
    """
    sources = _sources_in(folders)
    folds = dealt_folds_by_centre(patients_of(sources), seed=options.seed)
    dataset = PetCtDataset(
        CHALLENGE,
        TITLE,
        options.dataset_id,
        Method(SPEC.input(CT), SPEC.input(PET), LABELS, settings),
        {"sources": [str(folder.resolve()) for folder in folders]},
        workers=options.workers,
        leave_out_bad_pet=options.leave_out_bad_pet,
    )
    return write_pet_ct_dataset(dataset, sources, folds, output)


def _sources_in(folders: Sequence[Path]) -> list[Source]:
    """Return the files of every patient of all folders, in the order of their names."""
    found = [source for folder in folders for source in find_sources(folder, title="training data")]
    names = Counter(source.name for source in found)
    if twice := sorted(name for name, count in names.items() if count > 1):
        raise InputError(
            f"Patients must have different names, but {listed(twice)} {'are' if len(twice) > 1 else 'is'} in more than"
            " one of the folders. Was a folder named twice?"
        )
    return sorted(found, key=lambda source: source.name)
