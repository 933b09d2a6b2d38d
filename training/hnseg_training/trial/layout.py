"""Public layout of a challenge as a trial sees it: what the name of a file says of its patient and its content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hnseg.imaging.files.visible import is_visible


@dataclass(frozen=True)
class Layout:
    """Names of a patient's files, as patterns of the end of a path in any capitals, with a group `patient`.

    Attributes:
        images: Pattern of the file of each socket, by its slug; those of several patterns may be missing.
        required: Slugs of the sockets without which a patient is none.
        truths: Pattern of the files with the structures to learn. A group `structure` names the only one of a file;
            elsewhere the values of its voxels are those of the labels.
        structure: Name of the only structure of all such files, whatever the values; empty where those tell, or the
            group does.
    """

    images: Mapping[str, str]
    required: tuple[str, ...]
    truths: str
    structure: str = ""


@dataclass
class TrialPatient:
    """Files of a patient.

    Attributes:
        name: Name of the patient, and of the sample in nnU-Net.
        images: File of each socket that there is one for, by the slug.
        truths: Files with structures to learn.
        named: Structures that the names of these files tell.
    """

    name: str
    images: dict[str, Path] = field(default_factory=dict)
    truths: list[Path] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    @property
    def files(self) -> list[Path]:
        """All files, each once: a mask may be in the place of an image and of a truth."""
        return sorted({*self.images.values(), *self.truths})

    @property
    def size_bytes(self) -> int:
        """Bytes of all files together."""
        return sum(path.stat().st_size for path in self.files)


def patients_in(source: Path, layout: Layout) -> list[TrialPatient]:
    """Return the patients whose required images and truths are there, in the order of their names."""
    patients: dict[str, TrialPatient] = {}
    patterns = {slug: _compiled(pattern) for slug, pattern in layout.images.items()}
    truths = _compiled(layout.truths)
    for path in _files_below(source):
        place = path.relative_to(source).as_posix()
        for slug, match in ((slug, pattern.search(place)) for slug, pattern in patterns.items()):
            if match:
                _patient(patients, match).images.setdefault(slug, path)
        if match := truths.search(place):
            patient = _patient(patients, match)
            patient.truths.append(path)
            patient.named |= {match.groupdict().get("structure", "")} - {""}
    return sorted(filter(partial(_is_complete, layout), patients.values()), key=lambda patient: patient.name)


def _is_complete(layout: Layout, patient: TrialPatient) -> bool:
    return bool(patient.truths) and set(layout.required) <= set(patient.images)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){pattern}$", re.IGNORECASE)


def _patient(patients: dict[str, TrialPatient], match: re.Match[str]) -> TrialPatient:
    return patients.setdefault(match["patient"], TrialPatient(match["patient"]))


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(filter(is_visible, folders))
        yield from (Path(root, name) for name in sorted(names) if is_visible(name))
