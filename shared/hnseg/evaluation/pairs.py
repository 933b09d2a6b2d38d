"""Which prediction belongs to which reference.

Files of two folders are paired by equal stem (the name without `.mha`, `.nii.gz`, ...). Where not one stem is in both
folders, they are paired by case ID: a stem's beginning up to the end of its first number, such as 77 of
`77_midRT_mask` or case_003 of `case_003_output`. Either way every file must find exactly one partner.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.platform.integrity import is_damaged

SUFFIXES = (".mha", ".mhd", ".nii.gz", ".nii", ".nrrd", ".tif", ".tiff")


@dataclass(frozen=True)
class Pair:
    """A predicted label map and its reference, as they were read."""

    name: str
    prediction: sitk.Image
    reference: sitk.Image


@dataclass(frozen=True)
class FilePair:
    """Where a case's two label maps lie."""

    name: str
    prediction: Path
    reference: Path

    def read(self) -> Pair:
        """Return the two label maps.

        Raises:
            InputError: One of them can't be read, or is no 3-D image of one value a voxel.
        """
        return Pair(self.name, _read(self.prediction), _read(self.reference))


def pair_files(predictions_dir: Path, references_dir: Path) -> list[FilePair]:
    """Return the pairs of two folders, sorted by name.

    Raises:
        InputError: A folder is missing or has no image, or a file has no partner or several.
    """
    predictions, references = _images_in(predictions_dir), _images_in(references_dir)
    by_stem = _keyed(predictions, _stem), _keyed(references, _stem)
    by_id = _keyed(predictions, _case_id), _keyed(references, _case_id)
    predicted, present = by_stem if by_stem[0].keys() & by_stem[1].keys() else by_id
    _refuse_unpaired(predicted, predictions_dir, present, references_dir)
    _refuse_unpaired(present, references_dir, predicted, predictions_dir)
    return [FilePair(key, predicted[key][0], present[key][0]) for key in sorted(predicted)]


def _images_in(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.glob("[!.]*") if path.name.endswith(SUFFIXES) and path.is_file())
    if not files:
        found = "has none" if folder.is_dir() else "does not exist"
        raise InputError(
            f"A folder to score must hold label maps ({', '.join(SUFFIXES)}), but {folder} {found}."
            " Was the path to the files' own folder given?"
        )
    return files


def _stem(path: Path) -> str:
    suffix = next(suffix for suffix in SUFFIXES if path.name.endswith(suffix))
    return path.name.removesuffix(suffix)


def _case_id(path: Path) -> str:
    beginning = re.match(r"\D*\d+", _stem(path))
    return beginning.group() if beginning else _stem(path)


def _keyed(files: list[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    keyed: dict[str, list[Path]] = {}
    for path in files:
        keyed.setdefault(key(path), []).append(path)
    return keyed


def _refuse_unpaired(
    files: dict[str, list[Path]], folder: Path, partners: dict[str, list[Path]], partners_folder: Path
) -> None:
    twins = [path.name for paths in files.values() if len(paths) > 1 for path in paths]
    if twins:
        raise InputError(
            f"Each case must have one file, but in {folder} these bear the same name or case ID: {', '.join(twins)}."
            " Are files of an earlier run still there?"
        )
    alone = [paths[0].name for key, paths in files.items() if key not in partners]
    if alone:
        raise InputError(
            f"Each file in {folder} must have a partner of the same name or case ID in {partners_folder}, but these"
            f" have none: {', '.join(alone)}. Is a case missing, or named otherwise?"
        )


def _read(path: Path) -> sitk.Image:
    unreadable = InputError(
        f"A label map must be a readable image, but {path} can't be read as one. Is the file cut off or damaged,"
        " or is it of another type than its name says?"
    )
    if is_damaged(path):
        raise unreadable
    try:
        image: sitk.Image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise unreadable from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"A label map must be 3-D with one value a voxel, but {path} has {image.GetDimension()} dimensions and"
            f" {image.GetNumberOfComponentsPerPixel()} values a voxel. Is it a slice, a series or a one-hot map?"
        )
    return image
