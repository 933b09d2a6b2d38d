"""Reader of volumes: the only place where an image file becomes a `sitk.Image`, checked once and trusted from there on.

A volume is one 3-D image with one real number a voxel. Every refusal is a sentence that names the image by the title
that its caller gives, and its file. ITK trusts a header and reads damaged files without an error, so it sees only files
whose header this package has read and understood first, whose voxels are all there, and whose size fits into memory.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk

from hnseg.errors import HeaderError, InputError, MemoryShortError
from hnseg.imaging.files.formats import has_suffix
from hnseg.imaging.files.header import Header
from hnseg.imaging.files.headers import read_header
from hnseg.imaging.files.voxels import check_length, check_voxels
from hnseg.imaging.geometry import Grid
from hnseg.imaging.labels import in_words, unexpected_values
from hnseg.machine import GIB, is_exhausted, limit_gib
from hnseg.printable import is_utf8, printable

_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
_NETWORK_VOXEL_BYTES = 4  # float32, the type of the network's input
_LEAST_SPACING_MM, _MOST_SPACING_MM = 0.01, 100.0
_MOST_ORIGIN_MM = 100_000.0
_DIRECTION_TOLERANCE = 1e-3  # of the products of two axes; writers round to four digits

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # a file is refused with a sentence or read without a word


def read_volume(
    path: Path, *, title: str, labels: Mapping[int, str] | None = None, inside: Path | None = None
) -> sitk.Image:
    """Read one 3-D image with one finite number a voxel, or a label map.

    Args:
        path: Image file in one of `hnseg.imaging.files.formats.FORMATS`.
        title: Name of the image in error sentences, without an article, such as "mid-RT T2w".
        labels: Names of the values allowed beside 0, for a label map of these labels; None for any values.
        inside: Folder that no symbolic link may lead out of; None for links to anywhere.

    Returns:
        Image with the voxel type of the file; with `labels`, uint8. An empty label map, all background, is accepted.

    Raises:
        InputError: The file is missing, unreadable, damaged, not 3-D or not scalar, would not fit into memory, or has
            a voxel that is not finite or, with labels, that is neither 0 nor a label.
        MemoryError: Reading took more memory than there was.

    >>> read_volume(Path("t2w.mha"), title="T2w")
    Traceback (most recent call last):
    hnseg.errors.InputError: The T2w must be a file, but there is none at t2w.mha. Is the path right?
    """
    volume = _read(path, title, inside)
    if labels is None:
        _check_finite(volume, path, title)
        return volume
    _check_labels(volume, labels, path, title)
    label_map: sitk.Image = sitk.Cast(volume, sitk.sitkUInt8)
    return label_map


def read_scan(path: Path, *, title: str, inside: Path | None = None) -> sitk.Image:
    """Read a volume of intensities whose voxels do not all have one value.

    Args:
        path: Image file in one of `hnseg.imaging.files.formats.FORMATS`.
        title: Name of the image in error sentences, without an article.
        inside: Folder that no symbolic link may lead out of; None for links to anywhere.

    Returns:
        Image with the voxel type of the file.

    Raises:
        InputError: As for `read_volume`, or all voxels have one value.
        MemoryError: Reading took more memory than there was.
    """
    scan = read_volume(path, title=title, inside=inside)
    voxels = sitk.GetArrayViewFromImage(scan)
    if voxels.min() == voxels.max():
        raise InputError(
            f"The {title} must show something, but every voxel of {path} is {voxels.flat[0]}."
            " Was an empty image exported?"
        )
    return scan


def read_grid(path: Path, *, title: str, inside: Path | None = None, whole: bool = False) -> Grid:
    """Read the grid of a volume from its header alone.

    Args:
        path: Image file; its voxels may be damaged.
        title: Name of the image in error sentences, without an article.
        inside: Folder that no symbolic link may lead out of; None for links to anywhere.
        whole: Whether a file that was cut is refused; for that its length is looked at, not its voxels.

    Returns:
        Grid of the voxels, by the header.

    Raises:
        InputError: The header is missing or unreadable, or not that of a 3-D image with one number a voxel; or the file
            is not whole.
    """
    reader, promise = _open(path, title, inside)
    if whole:
        try:
            check_length(promise)
        except (HeaderError, OSError) as error:
            raise _unreadable(path, title, str(error)) from error
    header: Any = reader  # it has the size, spacing, origin and direction of an image
    return Grid.of(header)


class _Opened(NamedTuple):
    """Reader that knows the header of one scalar 3-D image, and the promise of that header."""

    reader: sitk.ImageFileReader
    header: Header


def _open(path: Path, title: str, inside: Path | None) -> _Opened:
    """Return an image file's checked header, and ITK's reader that agrees with it."""
    _check_file(path, title)
    _check_place(path, title, inside)
    try:
        header = read_header(path)
        reader = _itk_reader(path, header)
    except (HeaderError, OSError) as error:
        raise _unreadable(path, title, str(error)) from error
    except RuntimeError as error:
        raise _refused_by_itk(path, title, error) from error
    if reader.GetDimension() != 3:
        raise InputError(
            f"The {title} must be one 3-D image, but {path} is {reader.GetDimension()}-D with size"
            f" {reader.GetSize()}. Was a single slice or a series of volumes given?"
        )
    if reader.GetNumberOfComponents() != 1 or reader.GetPixelID() in _COMPLEX:
        kind = sitk.GetPixelIDValueAsString(reader.GetPixelID())
        raise InputError(
            f"The {title} must have one real number a voxel, but {path} has a {kind}."
            " Was a colour image or a vector field given?"
        )
    _check_geometry(reader, path, title)
    return _Opened(reader, header)


def _check_file(path: Path, title: str) -> None:
    """Refuse a path that is not the name of a regular file which this process may read."""
    if not is_utf8(str(path)):
        raise InputError(
            f"The {title} must have a name in UTF-8, but {printable(str(path))} is not. Was it made on another system?"
        )
    if _is_missing(path):
        raise InputError(f"The {title} must be a file, but there is none at {path}. Is the path right?")
    if not os.access(path, os.R_OK):
        raise InputError(f"The {title} must be readable, but {path} belongs to another user. Was it made as root?")
    if not path.is_file():
        raise InputError(
            f"The {title} must be a regular file, but {path} is a pipe, a socket or a device. Was it mounted wrongly?"
        )
    if has_suffix(path.name, (".tif", ".tiff")):
        raise InputError(
            f"The {title} must be a file with an origin and a direction, but {path} is a TIFF, which has neither."
            " Can it be had as MetaImage (.mha)?"
        )


def _check_place(path: Path, title: str, inside: Path | None) -> None:
    """Refuse a symbolic link that leads out of a folder."""
    if inside is not None and not (real := path.resolve()).is_relative_to(inside.resolve()):
        raise InputError(
            f"The {title} must lie inside {inside}, but {path} is a link to {real}. Was a link mounted for a file?"
        )


def _is_missing(path: Path) -> bool:
    try:
        return path.is_dir() or not path.exists()
    except PermissionError:  # its folder may not be searched, so that it may be there
        return False


def _itk_reader(path: Path, header: Header) -> sitk.ImageFileReader:
    """Return ITK's reader of a file, with its header read; ITK must have understood the same.

    Raises:
        HeaderError: ITK understands another size.
        RuntimeError: ITK refuses the header.
    """
    reader = sitk.ImageFileReader()
    reader.SetImageIO(header.image_io)
    reader.SetFileName(str(path))
    with _itk_silenced():
        reader.ReadImageInformation()
    size = tuple(reader.GetSize())
    if math.prod(size) != math.prod(header.size) or size[: len(header.size)] != header.size[: len(size)]:
        raise HeaderError(f"its size is {header.size}, but ITK takes it for {size}")
    return reader


@contextmanager
def _itk_silenced() -> Iterator[None]:
    """Keep what ITK's libraries print off stderr, where the image may be one that a case can do without."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _read(path: Path, title: str, inside: Path | None) -> sitk.Image:
    """Return a whole scalar 3-D image, with any values."""
    reader, header = _open(path, title, inside)
    _check_size(reader, path, title)
    try:
        if hidden := check_voxels(header):
            raise _not_finite(hidden, math.prod(header.size), path, title)
        with _itk_silenced():
            image: sitk.Image = reader.Execute()
    except (HeaderError, OSError) as error:
        raise _unreadable(path, title, str(error)) from error
    except RuntimeError as error:
        if is_exhausted(error):
            raise MemoryError(str(error)) from error
        raise _refused_by_itk(path, title, error) from error
    return image


def _check_geometry(reader: sitk.ImageFileReader, path: Path, title: str) -> None:
    """Refuse a spacing, origin or direction that no scan of a person has."""
    spacing, origin = reader.GetSpacing(), reader.GetOrigin()
    if not all(_LEAST_SPACING_MM <= side <= _MOST_SPACING_MM for side in spacing):
        raise InputError(
            f"The {title} must have a spacing of {_LEAST_SPACING_MM:g} to {_MOST_SPACING_MM:g} mm, but that of {path}"
            f" is {_numbers(spacing)}. Is it in another unit, or is the header corrupt?"
        )
    if not all(abs(place) <= _MOST_ORIGIN_MM for place in origin):
        raise InputError(
            f"The {title} must have its origin within {_MOST_ORIGIN_MM / 1000:g} m, but that of {path} is"
            f" {_numbers(origin)} mm. Is the header corrupt?"
        )
    direction = np.reshape(reader.GetDirection(), (3, 3))
    if not np.allclose(direction.T @ direction, np.eye(3), rtol=0, atol=_DIRECTION_TOLERANCE):
        raise InputError(
            f"The {title} must have axes of length 1 at right angles, but the direction of {path} is"
            f" {_numbers(reader.GetDirection())}. Was it sheared or stretched, or is the header corrupt?"
        )


def _numbers(values: Sequence[float]) -> str:
    return f"({', '.join(f'{value:g}' for value in values)})"


def _check_size(header: sitk.ImageFileReader, path: Path, title: str) -> None:
    """Refuse an image whose header promises more voxels than memory can hold.

    The bound is a lower one: the voxels as they are in the file, and once more as the network's input.
    """
    voxel_bytes = sitk.Image([1, 1, 1], header.GetPixelID()).GetSizeOfPixelComponent() + _NETWORK_VOXEL_BYTES
    needed_gib = float(np.prod([float(n) for n in header.GetSize()])) * voxel_bytes / GIB
    if needed_gib > limit_gib():
        raise MemoryShortError(
            f"The {title} must fit into memory, but {path} with size {header.GetSize()} needs over"
            f" {needed_gib:.1f} GiB and there are {limit_gib():.1f}. Is the header corrupt, or the image far too fine?"
        )


def _check_finite(volume: sitk.Image, path: Path, title: str) -> None:
    voxels = sitk.GetArrayViewFromImage(volume)
    if not np.issubdtype(voxels.dtype, np.floating):
        return
    # Slice by slice: a mask of the whole volume would be a quarter of its size once more.
    if wrong := voxels.size - sum(int(np.isfinite(z_slice).sum()) for z_slice in voxels):
        raise _not_finite(wrong, voxels.size, path, title)


def _not_finite(wrong: int, count: int, path: Path, title: str) -> InputError:
    return InputError(
        f"The {title} must hold finite numbers only, but {wrong} of {count} voxels of {path} are NaN"
        " or infinite. Was it divided by zero or resampled without a value for the outside?"
    )


def _check_labels(volume: sitk.Image, labels: Mapping[int, str], path: Path, title: str) -> None:
    if wrong := unexpected_values(volume, labels):
        raise InputError(
            f"The {title} must hold only {in_words(labels)}, but {path} also holds"
            f" {', '.join(f'{value:g}' for value in wrong[:5])}{' and more' if len(wrong) > 5 else ''}."
            " Was an image, a probability map or another label set given?"
        )


def _unreadable(path: Path, title: str, reason: str) -> InputError:
    """Return the error of a file that is no whole image."""
    return InputError(
        f"The {title} must be a readable image, but {path} can't be read as one: {reason}."
        " Is the file cut off or damaged, or is it of another type than its name says?"
    )


def _refused_by_itk(path: Path, title: str, error: RuntimeError) -> InputError:
    """Return the error of a file that ITK refuses, with the reason that it gives, without its own files and lines."""
    reason = " ".join(re.split(r"ITK ERROR: (?:\w+\(0x[0-9a-f]+\): )?|sitk::ERROR: ", str(error))[-1].split())
    return InputError(
        f"The {title} must be an image that ITK reads, but of {path} it says: {reason.rstrip('.!')}."
        " Is the header corrupt, or was the image sheared?"
    )
