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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.imaging.files.formats import images_in, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg_training.dataset.listing import listed
from hnseg_training.dataset.survey.data_folder import data_folder
from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.leftovers import leftovers_in
from hnseg_training.dataset.survey.problem import Problem

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

    @property
    def files(self) -> list[Path]:
        """CT, PET, GTV and recurrences."""
        return [*self.images.values(), *self.recurrences]


def find_sources(source: Path) -> Finding[Source]:
    """Return the patients in the order of their folders' names, with what is wrong of their files' names.

    Args:
        source: Folder with a folder a patient, or one above it.

    Raises:
        InputError: There are no patients, or several folders of patients.
    """
    images = ", ".join(f"{stem}.nii.gz" for stem in IMAGES)
    layout = f"a folder a patient with {images} and recurrence.nii.gz, or recurrence_1.nii.gz and so on"
    root = data_folder(source, _is_patient, layout=layout)
    patients = {folder: _files_in(folder) for folder in filter(_is_patient, visible_in(root))}
    problems = [Problem(folder.name, text) for folder, files in patients.items() for text in _problems(folder, files)]
    refused = {problem.patient for problem in problems}
    sources = [_source(folder.name, files) for folder, files in patients.items() if folder.name not in refused]
    taken = {path for folder, files in patients.items() for path in _known_in(folder, files)}
    return Finding(sources, problems, list(leftovers_in(root, taken)))


def _is_patient(path: Path) -> bool:
    """Return whether an entry of a folder is a patient's own folder: one with some of the files."""
    return path.is_dir() and bool(_files_in(path))


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


def _problems(folder: Path, files: Files) -> Iterator[str]:
    """Yield a sentence on the files that a patient lacks, and one on those that are there twice."""
    if missing := _missing_from(files):
        yield (
            f"Every patient must have a CT, a PET, a GTV and recurrences, but {listed(missing)}"
            f" {'are' if len(missing) > 1 else 'is'} missing in {folder}. Was the archive unpacked to the end?"
        )
    if twice := _twice_in(files):
        yield (
            "Every patient must have one file for each image, and either recurrence or recurrence_1 and so on, but"
            f" {listed(twice)} {'are' if len(twice) > 1 else 'is'} there twice in {folder}."
            " Are files of an earlier export still there?"
        )


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


def _source(name: str, files: Files) -> Source:
    """Return the files of a complete patient."""
    numbers = _numbers_of_recurrences(files)
    recurrences = tuple(files[stem][0] for stem in sorted(numbers, key=numbers.__getitem__))
    return Source(name, {stem: files[stem][0] for stem in IMAGES}, recurrences)
