"""Scans, GTV and brain of patients, found in a folder with a folder a patient.

Two layouts:

```
<patient>/images/{ct,pet,gtv-segmentation,brain-segmentation}/<file>    a container's inputs; also below <patient>/input
<patient>/{ct,pet,gtv,brain}.nii.gz                                     files of a training; any suffix of an image
```

The brain may be missing, and so may the CT, which is for pictures alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import case_id
from hnseg.imaging.files.formats import images_in, stem_of
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.files.visible import visible_in

_SOCKETS = {"ct": "ct", "pet": "pet", "gtv": "gtv-segmentation", "brain": "brain-segmentation"}

_TITLES = {"ct": "CT", "pet": "PET", "gtv": "GTV", "brain": "brain"}


@dataclass(frozen=True)
class PatientImages:
    """Files of a patient's images.

    Attributes:
        paths: File by what it shows: pet and gtv, perhaps ct and brain.
    """

    paths: Mapping[str, Path]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files."""
        return tuple(self.paths.values())

    def read(self, what: str) -> sitk.Image:
        """Read an image that the patient has.

        Raises:
            InputError: It can't be read.
        """
        return read_volume(self.paths[what], title=_TITLES[what])


def find_images(folder: Path, patients: Sequence[str]) -> dict[str, PatientImages]:
    """Return the images of patients.

    Args:
        folder: Folder with a folder a patient.
        patients: Names of the patients; a folder has the name of one, or else its case ID.

    Raises:
        InputError: A patient has no folder or several, no PET or GTV, or two files for one image.
    """
    folders = [path for path in visible_in(folder) if path.is_dir()] if folder.is_dir() else []
    return {name: PatientImages(_images_of(_folder_of(name, folders, folder))) for name in patients}


def _folder_of(patient: str, folders: Sequence[Path], folder: Path) -> Path:
    own = [path for path in folders if path.name == patient] or [
        path for path in folders if case_id(path.name) == case_id(patient)
    ]
    if len(own) != 1:
        found = ", ".join(path.name for path in own) or "none"
        raise InputError(
            f"Each patient must have one folder of images in {folder}, but {patient} has {found}."
            " Was another folder meant?"
        )
    return own[0]


def _images_of(patient: Path) -> dict[str, Path]:
    roots = [root / "images" for root in (patient, patient / "input") if (root / "images").is_dir()]
    found = _in_sockets(roots[0]) if roots else _by_name(patient)
    missing = [what for what in ("pet", "gtv") if what not in found]
    if missing:
        raise InputError(
            f"The images of a patient must have a PET and a GTV, but {roots[0] if roots else patient} has no"
            f" {' and no '.join(missing)}. Expected are {', '.join(f'{what}.nii.gz' for what in _SOCKETS)}, or a"
            " container's inputs."
        )
    return found


def _in_sockets(images: Path) -> dict[str, Path]:
    found = {what: images_in(images / socket) for what, socket in _SOCKETS.items() if (images / socket).is_dir()}
    return {what: _only(paths, what, images) for what, paths in found.items() if paths}


def _by_name(patient: Path) -> dict[str, Path]:
    found: dict[str, list[Path]] = {}
    for path in images_in(patient):
        found.setdefault(stem_of(path.name).lower(), []).append(path)
    return {what: _only(found[what], what, patient) for what in _SOCKETS if what in found}


def _only(paths: Sequence[Path], what: str, folder: Path) -> Path:
    if len(paths) > 1:
        raise InputError(
            f"A patient must have one {what}, but {folder} has {', '.join(path.name for path in paths)}."
            " Are files of an earlier run still there?"
        )
    return paths[0]
