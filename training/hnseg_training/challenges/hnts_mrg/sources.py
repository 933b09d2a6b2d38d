"""Public files of HNTS-MRG 2024: `HNTSMRG24_train/<number>/preRT` and `midRT`, each with a T2w and its masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg_training.dataset.survey.data_folder import data_folder
from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.leftovers import leftovers_in
from hnseg_training.dataset.survey.problem import Problem

LAYOUT = "HNTSMRG24_train/<number>/preRT and midRT"
_WANTED = {
    "pre_t2w": ("preRT", "preRT_T2"),
    "pre_mask": ("preRT", "preRT_mask"),
    "mid_t2w": ("midRT", "midRT_T2"),
    "mid_mask": ("midRT", "midRT_mask"),
    "registered_mask": ("midRT", "preRT_mask_registered"),
}
_UNUSED = "_preRT_T2_registered"

Files = dict[str, list[Path]]
"""Files of a patient, by the key in `_WANTED`."""


@dataclass(frozen=True)
class Visit:
    """Files of one image of a patient, with its prior mask and the mask to learn.

    Attributes:
        sample: Name of the sample in nnU-Net.
        t2w: T2w image.
        prior: Mask that the gradient map is drawn around, on the image's grid.
        truth: Mask to learn, on the image's grid.
    """

    sample: str
    t2w: Path
    prior: Path
    truth: Path


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Number of the patient, as the folder has it.
        mid: Mid-RT visit, which the challenge asks to segment.
        pre: Pre-RT visit, with its own mask as prior.
    """

    name: str
    mid: Visit
    pre: Visit

    @property
    def visits(self) -> tuple[Visit, Visit]:
        """Mid-RT and pre-RT visit."""
        return self.mid, self.pre

    @property
    def files(self) -> list[Path]:
        """Images and masks of both visits, each once."""
        return list(dict.fromkeys(path for one in self.visits for path in (one.t2w, one.prior, one.truth)))


def find_sources(source: Path) -> Finding[Source]:
    """Return the patients in the order of their numbers, with what is wrong of their files' names.

    Args:
        source: HNTSMRG24_train, or a folder that holds it.

    Raises:
        InputError: There is no patient's folder.
    """
    root = data_folder(source, _is_patient, layout=LAYOUT)
    folders = sorted(filter(_is_patient, visible_in(root)), key=lambda folder: (int(folder.name), folder.name))
    named = {folder: _files_in(folder) for folder in folders}
    problems = [
        Problem(folder.name, sentence) for folder, files in named.items() for sentence in _faults(folder, files)
    ]
    refused = {problem.patient for problem in problems}
    sources = [_source(folder.name, files) for folder, files in named.items() if folder.name not in refused]
    taken = {path for files in named.values() for paths in files.values() for path in paths}
    return Finding(sources, problems, list(leftovers_in(root, taken, known=_is_unused)))


def _is_patient(path: Path) -> bool:
    return path.name.isdecimal() and path.is_dir()


def _is_unused(path: Path) -> bool:
    return stem_of(path.name).lower().endswith(_UNUSED.lower())


def _files_in(folder: Path) -> Files:
    """Return the files of a patient's folder that are converted, by kind."""
    return {key: list(_files_of(folder, visit, kind)) for key, (visit, kind) in _WANTED.items()}


def _files_of(folder: Path, visit: str, kind: str) -> Iterator[Path]:
    """Yield the image files of a kind in a patient's folder of a visit, in any case and format."""
    stem = f"{folder.name}_{kind}".lower()
    for place in (path for path in visible_in(folder) if path.name.lower() == visit.lower()):
        for path in visible_in(place):
            if path.is_file() and has_suffix(path.name, READ) and stem_of(path.name).lower() == stem:
                yield path


def _faults(folder: Path, files: Files) -> list[str]:
    """Return a sentence for each file that is missing or there twice."""
    return [sentence for key, paths in files.items() if (sentence := _fault(folder, key, paths))]


def _fault(folder: Path, key: str, paths: list[Path]) -> str:
    """Return the sentence on a file that is missing or there twice; empty where all is fine."""
    if len(paths) == 1:
        return ""
    if paths:
        return (
            f"Every image and mask must have one file, but there are {paths[0]} and {paths[1].name}."
            " Is one of them a copy, or unpacked beside its archive?"
        )
    visit, kind = _WANTED[key]
    place = folder / visit
    near = [path.name for path in visible_in(place) if path.name.lower().startswith(f"{folder.name}_{kind}.".lower())]
    found = f"only {near[0]} is there" if near else "there is none" if place.is_dir() else f"there is no {visit}"
    return (
        f"{place / f'{folder.name}_{kind}.nii.gz'} must be there, but {found}."
        " Was the archive unpacked to the end, or the file renamed?"
    )


def _source(name: str, files: Files) -> Source:
    """Return the files of a complete patient."""
    one = {key: paths[0] for key, paths in files.items()}
    return Source(
        name,
        mid=Visit(name, one["mid_t2w"], one["registered_mask"], one["mid_mask"]),
        pre=Visit(f"{name}pre", one["pre_t2w"], one["pre_mask"], one["pre_mask"]),
    )
