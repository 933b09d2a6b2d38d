"""Output sockets of a challenge, as an algorithm's output folder shows them: its images and JSON files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import SimpleITK as sitk

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.imaging.files.formats import NOT_COLLECTED, has_suffix, images_in
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.printable import printable

MOST_LABELS = 64
"""Number of segments above which the platform takes an image for none of labels."""
_LABEL_TYPES = (sitk.sitkInt8, sitk.sitkUInt8)


@dataclass(frozen=True)
class ShownImage:
    """Image of an example.

    Attributes:
        relative_path: Folder below /output or /input, in which it is the only image.
        grid: Grid of its voxels; None where it is no volume that can be read here, such as a TIFF.
        values: Values of a label map beside 0, sorted; None for another image.
    """

    relative_path: str
    grid: Grid | None
    values: tuple[int, ...] | None


@dataclass(frozen=True)
class ShownOutputs:
    """Outputs of an example.

    Attributes:
        images: Its images, sorted by their folder.
        numbers: Paths of JSON files that hold one number, sorted; `values` are those that hold anything else.
        values: Likewise.
        others: Paths of files that no spec describes.
    """

    images: tuple[ShownImage, ...]
    numbers: tuple[str, ...]
    values: tuple[str, ...]
    others: tuple[str, ...]


def show_outputs(folder: Path) -> ShownOutputs:
    """Return what an algorithm's output folder shows of its sockets.

    Args:
        folder: Output of one case: images/<socket>/<one image>, and JSON files.

    Raises:
        InputError: There is no such folder, no image in it, or several in one folder.
    """
    files = _files_below(folder)
    folders = sorted({path.parent for path in filter(_is_output_image, files)})
    if not folders:
        raise InputError(
            f"The output must hold an image in images/<socket>/, .mha or .tif, but {folder} holds none. Was the folder"
            " above or below /output given? A challenge without an image can't be described."
        )
    numbers, values, others = _told_apart(files, folders)
    return ShownOutputs(
        images=tuple(_shown_output(folder, socket) for socket in folders),
        numbers=_paths(folder, numbers),
        values=_paths(folder, values),
        others=_paths(folder, others),
    )


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _told_apart(files: Sequence[Path], folders: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the JSON files that hold a number, those that hold anything else, and what lies in no image's folder."""
    numbers: list[Path] = []
    values: list[Path] = []
    others: list[Path] = []
    for path in files:
        if path.suffix == ".json":
            (numbers if _is_number(path) else values).append(path)
        elif path.parent not in folders:
            others.append(path)
    return numbers, values, others


def show_image(top: Path, path: Path) -> ShownImage:
    """Return what the one image of a socket's folder shows, below the folder of all sockets."""
    relative_path = path.parent.relative_to(top).as_posix()
    try:
        image = read_volume(path, title="image of the example")
    except InputError:
        return ShownImage(relative_path, None, None)
    return ShownImage(relative_path, Grid.of(image), _values(image))


def _is_output_image(path: Path) -> bool:
    return has_suffix(path.name) and not has_suffix(path.name, NOT_COLLECTED)


def _shown_output(top: Path, folder: Path) -> ShownImage:
    relative_path = PurePosixPath(folder.relative_to(top).as_posix())
    if relative_path.parts[:1] != ("images",) or len(relative_path.parts) == 1:
        raise InputError(
            f"The images of an output must lie in images/<socket>/, but one lies in {printable(str(folder))}."
            " Was the folder above or below /output given?"
        )
    images = [path for path in images_in(folder) if _is_output_image(path)]
    if len(images) > 1:
        raise InputError(
            f"A socket's folder must hold one image, but {printable(str(folder))} holds {len(images)}. Are they the"
            " outputs of several cases? Give that of one."
        )
    return show_image(top, images[0])


def _values(image: sitk.Image) -> tuple[int, ...] | None:
    """Return the values of a label map beside 0; None for an image that the platform takes for none."""
    if image.GetPixelID() not in _LABEL_TYPES:
        return None
    values = tuple(int(value) for value in np.unique(sitk.GetArrayViewFromImage(image)) if value)
    return values if len(values) <= MOST_LABELS and all(value > 0 for value in values) else None


def _is_number(path: Path) -> bool:
    try:
        float(read_bounded(path, most_mib=1).decode("ascii"))
    except (OSError, ValueError):
        return False
    return True


def _paths(top: Path, files: list[Path]) -> tuple[str, ...]:
    return tuple(printable(path.relative_to(top).as_posix()) for path in files)
