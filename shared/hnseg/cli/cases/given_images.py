"""Images that `hnseg predict` is given, looked at before the model is loaded, and what to use for others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.channels import check_count
from hnseg.imaging.files.formats import READ, has_suffix
from hnseg.imaging.files.reading import read_grid
from hnseg.imaging.files.visible import visible_in

_PREAMBLE_BYTES = 128  # before the letters DICM of a DICOM file, PS3.10 7.1
_LOOKED_AT = 200  # files of a folder
_CONVERT = (
    "For DICOM, use `hnseg run CHALLENGE --dicom DIR` with a challenge's model, or convert each series to NIfTI, with"
    " dcm2niix or SimpleITK."
)


def check_images(images: Sequence[Path], channel_names: Sequence[str]) -> None:
    """Refuse images that can't be used, by their number, kind and headers alone.

    Args:
        images: Paths as they were given.
        channel_names: Names of the model's channels that hold images.

    Raises:
        InputError: One is a folder, a DICOM file, no image or not 3-D, or there are more or fewer than channels.
    """
    for path in images:
        _check_kind(path)
    check_count(len(images), channel_names)
    for path, channel in zip(images, channel_names, strict=True):
        read_grid(path, title=f"image of channel {channel}")


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds no image in itself, with what is for what it holds.

    Args:
        folder: Folder that should hold the images of cases.

    Raises:
        InputError: It holds DICOM files, or folders of images.
    """
    if any(has_suffix(path.name, READ) and path.is_file() for path in visible_in(folder)):
        return
    files = list(islice(_files_below(folder), _LOOKED_AT))
    if found := next(filter(_is_dicom, files), None):
        raise InputError(
            f"A folder of cases must hold image files ({', '.join(READ)}), but {folder} holds DICOM files, such as"
            f" {found.name}. {_CONVERT}"
        )
    if any(has_suffix(path.name, READ) for path in files):
        raise InputError(
            f"A folder of cases must hold the images themselves, CASE_0000.nii.gz and so on, but those of {folder} lie"
            " in folders below it. Use `hnseg cohort CHALLENGE DIR` for a folder a case, or name the folder of the"
            " images."
        )


def _check_kind(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"Each IMAGE must be a file, one a channel, or the only one a folder of cases, but {path} is a folder among"
            f" others. {_CONVERT}"
        )
    if path.is_file() and not has_suffix(path.name, READ):
        kind = "a DICOM file" if _is_dicom(path) else "none"
        advice = _CONVERT if _is_dicom(path) else "Convert it with SimpleITK, if it is one of another format."
        raise InputError(f"An IMAGE must be a file in one of {', '.join(READ)}, but {path} is {kind}. {advice}")


def _is_dicom(path: Path) -> bool:
    """Return whether a file is DICOM by its first bytes, or else by its name."""
    try:
        with path.open("rb") as file:
            begin = file.read(_PREAMBLE_BYTES + 4)
    except OSError:
        return False
    return begin[_PREAMBLE_BYTES:] == b"DICM" or has_suffix(path.name, (".dcm", ".ima"))


def _files_below(folder: Path) -> Iterator[Path]:
    for path in visible_in(folder):
        if path.is_dir() and not path.is_symlink():
            yield from _files_below(path)
        elif path.is_file():
            yield path
