"""Files of patients with recurrences: planning PET/CT and GTV, and outlines of what came back after the treatment.

```
<patient>/{ct,pet,gtv}.nii.gz                    any suffix of an image
<patient>/recurrence.nii.gz                      all recurrences in one label map,
<patient>/recurrence_1.nii.gz, recurrence_2...   or a label map each, numbered from 1
```

Beside them may be `brain`, which only a rule without a network reads, and the targets and origins of phantoms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.formats import images_in, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg_training.dataset.completeness import check_nothing_missing, listed, log_untaken

IMAGES = ("ct", "pet", "gtv")
"""Stems of the files that a patient must have beside the recurrences."""
BESIDE = ("brain", "ctv1", "ctv2", "ctv3", "origins.csv")
"""Stems of known files that the network has no use for."""

Files = dict[str, list[Path]]
"""Files of a patient that are converted, by stem in lower case; several of a stem where the patient is refused."""

_RECURRENCE = re.compile(r"recurrence(?:_([1-9][0-9]*))?")


@dataclass(frozen=True)
class Source:
    """Files of a patient.

    Attributes:
        name: Name of the patient's folder, and of the sample in nnU-Net.
        images: File of `ct`, `pet` and `gtv`, by these stems.
        recurrences: Label maps of the recurrences, in the order of their numbers.
    """

    name: str
    images: Mapping[str, Path]
    recurrences: tuple[Path, ...]


def find_sources(source: Path) -> list[Source]:
    """Return the files of every patient, in the order of their folders' names.

    Files of other names are logged.

    Args:
        source: Folder with a folder a patient.

    Raises:
        InputError: There are no patients, or one has a file missing or two for the same image; all of them are named.
    """
    patients = {folder.name: files for folder in visible_in(source) if (files := _files_in(folder))}
    if not patients:
        raise InputError(
            f"{source} must hold a folder a patient with {', '.join(f'{stem}.nii.gz' for stem in IMAGES)} and"
            " recurrence.nii.gz, or recurrence_1.nii.gz and so on, but there is none in it. Was another folder meant?"
        )
    must = "Every patient must have a CT, a PET, a GTV and recurrences"
    check_nothing_missing(_named(patients, _missing_from), must=must, root=source)
    _check_nothing_twice(_named(patients, _twice_in), source)
    log_untaken(source, {path for name, files in patients.items() for path in _known_in(source / name, files)})
    return [_source(name, files) for name, files in patients.items()]


def _files_in(folder: Path) -> Files:
    """Return the files that are converted, by stem; empty where the folder is no patient's."""
    files: Files = {}
    for path in images_in(folder):
        if (stem := _stem(path)) in IMAGES or _RECURRENCE.fullmatch(stem):
            files.setdefault(stem, []).append(path)
    return files


def _known_in(folder: Path, files: Files) -> list[Path]:
    """Return a patient's files that are converted, and those that the network has no use for."""
    beside = [path for path in visible_in(folder) if _stem(path) in BESIDE]
    return [*beside, *(path for paths in files.values() for path in paths)]


def _stem(path: Path) -> str:
    return stem_of(path.name).lower()


def _named(patients: Mapping[str, Files], stems_of: Callable[[Files], list[str]]) -> list[str]:
    """Return some stems of each patient, with the folder's name."""
    return [f"{name}/{stem}" for name, files in patients.items() for stem in stems_of(files)]


def _missing_from(files: Files) -> list[str]:
    """Return the stems of files that a patient lacks, those between the numbers of two recurrences among them."""
    missing = [stem for stem in IMAGES if stem not in files]
    numbers = _numbers_of_recurrences(files).values()
    if not numbers:
        return [*missing, "recurrence"]
    return missing + [f"recurrence_{number}" for number in range(1, max(numbers)) if number not in numbers]


def _numbers_of_recurrences(files: Files) -> dict[str, int]:
    """Return the number of each file of recurrences, by stem; 0 for one that has none."""
    return {stem: int(match[1] or 0) for stem in files if (match := _RECURRENCE.fullmatch(stem))}


def _twice_in(files: Files) -> list[str]:
    """Return the stems of which a patient has two files, and `recurrence` where there are numbered ones too."""
    twice = sorted(stem for stem, paths in files.items() if len(paths) > 1)
    return [*twice, "recurrence"] if {"recurrence", "recurrence_1"} <= set(files) else twice


def _check_nothing_twice(twice: list[str], root: Path) -> None:
    """Refuse patients of whom it is not clear which file is meant."""
    if twice:
        raise InputError(
            f"Every patient must have one file for each image, and either recurrence or recurrence_1 and so on, but"
            f" {listed(twice)} {'are' if len(twice) > 1 else 'is'} there twice in {root}."
            " Are files of an earlier export still there?"
        )


def _source(name: str, files: Files) -> Source:
    """Return the files of a complete patient."""
    numbers = _numbers_of_recurrences(files)
    recurrences = tuple(files[stem][0] for stem in sorted(numbers, key=numbers.__getitem__))
    return Source(name, {stem: files[stem][0] for stem in IMAGES}, recurrences)
