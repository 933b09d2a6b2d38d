"""Conversion of HN-UISeg: PET/CT in the layouts of HECKTOR, and CT without a PET, to one nnU-Net data set.

The channels of the images are the container's own; those of clicks exist in the network's input only, and are drawn in
training. A patient's name begins with the centre, by which the folds are dealt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from containers.hn_uiseg.method import SETTINGS, Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg_training.dataset.conversion.request import DEFAULT_WORKERS, LeaveOut, Request, Workers
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.pet_ct_dataset import PetCtDataset, convert_pet_ct
from hnseg_training.dataset.pet_ct_patients import Method
from hnseg_training.dataset.pet_ct_sources import PetCtFinding, Source, find_sources
from hnseg_training.dataset.splits import dealt_folds_by_centre
from hnseg_training.dataset.survey.problem import Problem
from hnseg_training.dataset.work_folder import WorkFolder

CHALLENGE = "hn_uiseg"
TITLE = "HN-UISeg"


@dataclass(frozen=True)
class Options:
    """Options of a conversion.

    Attributes:
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the folds.
        workers: Processes that read, check and write patients.
        leave_out_bad_pet: Whether patients whose PET can't be used are converted as CT only, not refused.
        leave_out: Names of patients that are not converted.
    """

    dataset_id: int = 507
    seed: int = 42
    workers: int = 1
    leave_out_bad_pet: bool = False
    leave_out: Sequence[str] = ()


EXAMPLES = ("hnseg-train convert hn_uiseg hecktor2022_training --output work",)


def command(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    sources: Annotated[
        list[Path], typer.Argument(help="Folders of patients, as HECKTOR's of any edition; a PET may be missing.")
    ],
    output: Annotated[Path, typer.Option(help="Result: the work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 507,
    settings: Annotated[
        str,
        typer.Option(help=f"Settings of the method: {', '.join(SETTINGS)}, or a JSON file with the method's settings."),
    ] = "default",
    leave_out_bad_pet: Annotated[
        bool, typer.Option("--leave-out-bad-pet", help="Convert patients whose PET can't be used as CT only.")
    ] = False,
    leave_out: LeaveOut = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the folds.")] = 42,
    workers: Workers = DEFAULT_WORKERS,
) -> None:
    """Convert PET/CT and CT-only data with tumour and nodes, such as HECKTOR and H&N1."""
    chosen = read_settings(settings, dict(SETTINGS))
    options = Options(dataset_id, seed, workers, leave_out_bad_pet, leave_out or ())
    convert(sources, output, settings=chosen, options=options)


def convert(folders: Sequence[Path], output: Path, *, settings: Settings, options: Options = Options()) -> WorkFolder:
    """Write the data set, its folds, the method's settings and the record of the conversion.

    Args:
        folders: Folders of patients, each in a layout of HECKTOR; a patient without a PET is CT only.
        output: Work folder to make, or to go on with.
        settings: Settings of the method, written as method.json.
        options: Options of the conversion.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, two folders have a patient of the same name, or the work
            folder holds a data set already.
    """
    dataset = PetCtDataset(
        CHALLENGE,
        TITLE,
        Method(SPEC.input(CT), SPEC.input(PET), LABELS, settings, options.leave_out_bad_pet),
        {"sources": [str(folder.resolve()) for folder in folders]},
        partial(dealt_folds_by_centre, seed=options.seed),
    )
    request = Request(output, options.dataset_id, options.leave_out, options.workers)
    return convert_pet_ct(dataset, _found_in(folders), request)


def _found_in(folders: Sequence[Path]) -> PetCtFinding:
    """Return the patients of all folders, in the order of their names; one of two folders is a problem."""
    findings = [find_sources(folder, title="training data") for folder in folders]
    sources, twice = _each_once(list(chain.from_iterable(finding.sources for finding in findings)))
    return PetCtFinding(
        sources,
        [*chain.from_iterable(finding.problems for finding in findings), *twice],
        list(chain.from_iterable(finding.leftovers for finding in findings)),
        list(chain.from_iterable(finding.notes for finding in findings)),
    )


def _each_once(sources: Sequence[Source]) -> tuple[list[Source], list[Problem]]:
    """Return the patients by name, the first of each name, and a problem for each other one."""
    first: dict[str, Source] = {}
    problems = []
    for source in sources:
        if (former := first.setdefault(source.name, source)) is not source:
            sentence = (
                f"Patients must have different names, but {source.name} has {former.ct} and {source.ct}."
                " Was a folder named twice?"
            )
            problems.append(Problem(source.name, sentence))
    return [first[name] for name in sorted(first)], problems
