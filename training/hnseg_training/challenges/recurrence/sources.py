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
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    folders = _patients_in(source)
    if not folders:
        raise InputError(
            f"{source} must hold a folder a patient with {', '.join(f'{stem}.nii.gz' for stem in IMAGES)} and"
            " recurrence.nii.gz, or recurrence_1.nii.gz and so on, but there is none in it. Was another folder meant?"
        )
    must = "Every patient must have a CT, a PET, a GTV and recurrences"
    check_nothing_missing(_named(folders, _missing_from), must=must, root=source)
    _check_nothing_twice(_named(folders, _twice_in), source)
    found = list(map(_source, folders))
    log_untaken(source, {path for folder, one in zip(folders, found, strict=True) for path in _known_in(folder, one)})
    return found


def _patients_in(source: Path) -> list[Path]:
    """Return the folders with a file that is converted, in the order of their names."""
    return [folder for folder in visible_in(source) if any(_stems_in(folder))]


def _named(folders: Sequence[Path], stems_of: Callable[[Path], list[str]]) -> list[str]:
    """Return some stems of each folder, with the folder's name."""
    return [f"{folder.name}/{stem}" for folder in folders for stem in stems_of(folder)]


def _known_in(folder: Path, source: Source) -> list[Path]:
    """Return a patient's files that are converted, and those that the network has no use for."""
    beside = [path for path in visible_in(folder) if stem_of(path.name).lower() in BESIDE]
    return [*source.images.values(), *source.recurrences, *beside]


def _stems_in(folder: Path) -> Iterator[str]:
    """Yield the stem of each file that is converted, in lower case."""
    stems = (stem_of(path.name).lower() for path in images_in(folder))
    return (stem for stem in stems if stem in IMAGES or _RECURRENCE.fullmatch(stem))


def _missing_from(folder: Path) -> list[str]:
    """Return the stems of files that a patient lacks, those between the numbers of two recurrences among them."""
    stems = list(_stems_in(folder))
    missing = [stem for stem in IMAGES if stem not in stems]
    numbers = [int(match[1] or 0) for stem in stems if (match := _RECURRENCE.fullmatch(stem))]
    if not numbers:
        return [*missing, "recurrence"]
    return missing + [f"recurrence_{number}" for number in range(1, max(numbers)) if number not in numbers]


def _twice_in(folder: Path) -> list[str]:
    """Return the stems of which a folder has two files, and `recurrence` where there are numbered ones too."""
    stems = list(_stems_in(folder))
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    return [*twice, "recurrence"] if {"recurrence", "recurrence_1"} <= set(stems) else twice


def _check_nothing_twice(twice: list[str], root: Path) -> None:
    """Refuse patients of whom it is not clear which file is meant."""
    if twice:
        raise InputError(
            f"Every patient must have one file for each image, and either recurrence or recurrence_1 and so on, but"
            f" {listed(twice)} {'are' if len(twice) > 1 else 'is'} there twice in {root}."
            " Are files of an earlier export still there?"
        )


def _source(folder: Path) -> Source:
    """Return the files of a complete patient."""
    paths = {stem_of(path.name).lower(): path for path in images_in(folder)}
    numbers = {stem: int(match[1] or 0) for stem in paths if (match := _RECURRENCE.fullmatch(stem))}
    recurrences = tuple(paths[stem] for stem in sorted(numbers, key=numbers.__getitem__))
    return Source(folder.name, {stem: paths[stem] for stem in IMAGES}, recurrences)
