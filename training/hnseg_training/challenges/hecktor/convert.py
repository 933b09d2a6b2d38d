"""Conversion of HECKTOR 2022, 2025 and 2026: from CT, PET and label maps in their layouts to an nnU-Net data set.

The channels are the container's own. Label maps that lie on another grid than their CT, as some of 2022 do, are laid on
it by nearest neighbour. A patient's name begins with the centre, by which the folds are dealt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from containers.hecktor.method import SETTINGS, Settings
from containers.hecktor.spec import CT, LABELS, PET, SPEC
from hnseg_training.challenges.hecktor.clinical_tables import with_tables
from hnseg_training.dataset.conversion.request import DEFAULT_WORKERS, LeaveOut, Request, Workers
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.pet_ct_dataset import PetCtDataset, convert_pet_ct
from hnseg_training.dataset.pet_ct_patients import Method
from hnseg_training.dataset.pet_ct_sources import find_sources
from hnseg_training.dataset.splits import dealt_folds_by_centre, one_fold_a_centre
from hnseg_training.dataset.work_folder import WorkFolder

CHALLENGE = "hecktor"
TITLE = "HECKTOR"


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read, check and write patients.
        leave_one_centre_out: Whether there is one fold a centre, in place of five with patients of each centre.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
        leave_out: Names of patients that are not converted.
    """

    dataset_id: int = 506
    seed: int = 42
    workers: int = 1
    leave_one_centre_out: bool = False
    leave_out_bad_pet: bool = False
    leave_out: Sequence[str] = ()


EXAMPLES = ("hnseg-train convert hecktor hecktor2022_training --output work",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    source: Annotated[Path, typer.Argument(help="The training data's folder of any edition, or the one above it.")],
    output: Annotated[Path, typer.Option(help="Result: the work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 506,
    pet_channel: Annotated[bool, typer.Option(help="Without it the network sees the CT alone.")] = True,
    settings: Annotated[
        str,
        typer.Option(help=f"Settings of the method: {', '.join(SETTINGS)}, or a JSON file with the method's settings."),
    ] = "default",
    leave_one_centre_out: Annotated[
        bool, typer.Option("--leave-one-centre-out", help="One fold a centre, in place of five with a share of each.")
    ] = False,
    leave_out_bad_pet: Annotated[
        bool, typer.Option("--leave-out-bad-pet", help="Convert patients whose PET can't be used as CT only.")
    ] = False,
    leave_out: LeaveOut = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the folds.")] = 42,
    workers: Workers = DEFAULT_WORKERS,
) -> None:
    """Convert the public data of HECKTOR 2022, 2025 or 2026."""
    chosen = read_settings(settings, dict(SETTINGS)).model_copy(update={"pet_channel": pet_channel})
    options = Options(dataset_id, seed, workers, leave_one_centre_out, leave_out_bad_pet, leave_out or ())
    convert(source, output, settings=chosen, options=options)


def convert(source: Path, output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        source: Folder of the training data of any edition, or the folder that holds it.
        output: Work folder to make, or to go on with.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    finding = with_tables(find_sources(source, title="HECKTOR's training data"))
    by_centre = one_fold_a_centre if options.leave_one_centre_out else partial(dealt_folds_by_centre, seed=options.seed)
    dataset = PetCtDataset(
        CHALLENGE,
        TITLE,
        Method(SPEC.input(CT), SPEC.input(PET), LABELS, settings, options.leave_out_bad_pet),
        {"source": str(source.resolve())},
        by_centre,
    )
    return convert_pet_ct(dataset, finding, Request(output, options.dataset_id, options.leave_out, options.workers))
