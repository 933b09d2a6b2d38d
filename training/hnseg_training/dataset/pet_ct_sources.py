"""Public files of PET/CT patients in the layouts of HECKTOR 2022, 2025 and 2026, with or without a PET."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.formats import has_suffix, stem_of
from hnseg.imaging.files.visible import in_any_case, visible_in
from hnseg_training.dataset.completeness import check_nothing_missing, log_untaken

INSIDE = ("", "hecktor2022_training", "hecktor2026_training", "Task 1")
"""Folders below the given one that may hold the patients."""


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Name of the patient, and of the sample in nnU-Net.
        ct: CT, whose grid the label map is brought to.
        pet: PET; None where there is none.
        label_map: Label map to learn.
    """

    name: str
    ct: Path
    pet: Path | None
    label_map: Path

    @property
    def centre(self) -> str:
        """Letters at the start of the name, such as CHUM; empty where there are none."""
        return re.split(r"[^A-Za-z]", self.name, maxsplit=1)[0]


def find_sources(source: Path, *, title: str) -> list[Source]:
    """Return the files of every patient, in the order of their names.

    Args:
        source: Folder of the patients, or the one above it.
        title: Name of the data, for the sentence of an error.

    Raises:
        InputError: There are no patients, or one has no CT or no label map.
    """
    for root in (source / inside for inside in INSIDE):
        found = _sources_among(root)
        if found:
            break
    else:
        raise InputError(
            f"{source} must hold {title}, as imagesTr/<patient>__CT.nii.gz and"
            " labelsTr/<patient>.nii.gz or as <patient>/<patient>__CT.nii.gz and so on, but there is no patient in it."
            " Was the archive unpacked there?"
        )
    _check_complete(found, root)
    return found


def _check_complete(found: Sequence[Source], root: Path) -> None:
    """Refuse data with missing files, and log what of it is not converted."""
    wanted = [path for patient in found for path in (patient.ct, patient.label_map)]
    missing = [str(path.relative_to(root)) for path in wanted if not path.is_file()]
    check_nothing_missing(missing, must="Every patient must have a CT and a label map", root=root)
    log_untaken(root, {*wanted, *(patient.pet for patient in found if patient.pet)})


def _sources_among(root: Path) -> list[Source]:
    """Return the patients of a folder that holds imagesTr and labelsTr, or a folder each; empty for another."""
    if (root / "imagesTr").is_dir():
        files = [*_niftis_in(root / "imagesTr", among="__"), *_niftis_in(root / "labelsTr")]
        places = {_patient_of(path): (root / "imagesTr", root / "labelsTr") for path in files}
    else:
        folders = (folder for folder in visible_in(root) if any(map(_is_of_its_folder, _niftis_in(folder))))
        places = {folder.name: (folder, folder) for folder in folders}
    return [_source(name, *places[name]) for name in sorted(places)]


def _patient_of(path: Path) -> str:
    """Return the patient in a file's name."""
    return stem_of(path.name).split("__")[0]


def _is_of_its_folder(path: Path) -> bool:
    """Return whether a file belongs to the patient that its folder is named after."""
    return _patient_of(path) == path.parent.name


def _niftis_in(folder: Path, *, among: str = "") -> list[Path]:
    """Return the NIfTI files in a folder whose names have a text in them."""
    return [path for path in visible_in(folder) if among in path.name and has_suffix(path.name, (".nii.gz",))]


def _source(name: str, images: Path, label_maps: Path) -> Source:
    """Return the public files of a patient; CT and label map need not exist."""
    pet = in_any_case(images / f"{name}__PT.nii.gz")
    return Source(
        name=name,
        ct=in_any_case(images / f"{name}__CT.nii.gz"),
        pet=pet if pet.is_file() else None,
        label_map=in_any_case(label_maps / f"{name}.nii.gz"),
    )
