"""Reader of volumes: the only place where an image file becomes a `sitk.Image`, checked once and trusted from there on.

A volume is one 3-D image with one real number a voxel. Every refusal is a sentence that names the image by the title
that its caller gives, and its file. ITK reads damaged files without an error, so damage is searched for first; and it
allocates memory for any size in a header, so the size is compared with the memory before that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.damage import is_damaged
from hnseg.imaging.geometry import Grid
from hnseg.imaging.labels import in_words, unexpected_values
from hnseg.machine import GIB, is_exhausted, limit_gib

_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
_NETWORK_VOXEL_BYTES = 4  # float32, the type of the network's input


def read_volume(path: Path, *, title: str, labels: Mapping[int, str] | None = None) -> sitk.Image:
    """Read one 3-D image with one finite number a voxel, or a label map.

    Args:
        path: Image file in one of `hnseg.imaging.files.formats.FORMATS`.
        title: Name of the image in error sentences, without an article, such as "mid-RT T2w".
        labels: Names of the values allowed beside 0, for a label map of these labels; None for any values.

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
    volume = _read(path, title)
    if labels is None:
        _check_finite(volume, path, title)
        return volume
    _check_labels(volume, labels, path, title)
    label_map: sitk.Image = sitk.Cast(volume, sitk.sitkUInt8)
    return label_map


def read_scan(path: Path, *, title: str) -> sitk.Image:
    """Read a volume of intensities whose voxels do not all have one value.

    Args:
        path: Image file in one of `hnseg.imaging.files.formats.FORMATS`.
        title: Name of the image in error sentences, without an article.

    Returns:
        Image with the voxel type of the file.

    Raises:
        InputError: As for `read_volume`, or all voxels have one value.
        MemoryError: Reading took more memory than there was.
    """
    scan = read_volume(path, title=title)
    voxels = sitk.GetArrayViewFromImage(scan)
    if voxels.min() == voxels.max():
        raise InputError(
            f"The {title} must show something, but every voxel of {path} is {voxels.flat[0]}."
            " Was an empty image exported?"
        )
    return scan


def read_grid(path: Path, *, title: str) -> Grid:
    """Read the grid of a volume from its header alone.

    Args:
        path: Image file; its voxels may be damaged.
        title: Name of the image in error sentences, without an article.

    Returns:
        Grid of the voxels, by the header.

    Raises:
        InputError: The header is missing or unreadable, or not that of a 3-D image with one number a voxel.
    """
    header: Any = _read_header(path, title)  # it has the size, spacing, origin and direction of an image
    return Grid.of(header)


def _read_header(path: Path, title: str) -> sitk.ImageFileReader:
    """Return a reader that knows the header of one scalar 3-D image."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(path, title) from error
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
    return reader


def _read(path: Path, title: str) -> sitk.Image:
    """Return an undamaged scalar 3-D image, with any values."""
    reader = _read_header(path, title)
    _check_size(reader, path, title)
    try:
        if is_damaged(path):
            raise _unreadable(path, title)
        image: sitk.Image = reader.Execute()
    except (OSError, RuntimeError) as error:
        if is_exhausted(error):
            raise MemoryError(str(error)) from error
        raise _unreadable(path, title) from error
    return image


def _check_size(header: sitk.ImageFileReader, path: Path, title: str) -> None:
    """Refuse an image whose header promises more voxels than memory can hold.

    The bound is a lower one: the voxels as they are in the file, and once more as the network's input.
    """
    voxel_bytes = sitk.Image([1, 1, 1], header.GetPixelID()).GetSizeOfPixelComponent() + _NETWORK_VOXEL_BYTES
    needed_gib = float(np.prod([float(n) for n in header.GetSize()])) * voxel_bytes / GIB
    if needed_gib > limit_gib():
        raise InputError(
            f"The {title} must fit into memory, but {path} with size {header.GetSize()} needs over"
            f" {needed_gib:.1f} GiB and there are {limit_gib():.1f}. Is the header corrupt, or the image far too fine?"
        )


def _check_finite(volume: sitk.Image, path: Path, title: str) -> None:
    voxels = sitk.GetArrayViewFromImage(volume)
    if not np.issubdtype(voxels.dtype, np.floating):
        return
    # Slice by slice: a mask of the whole volume would be a quarter of its size once more.
    if wrong := voxels.size - sum(int(np.isfinite(z_slice).sum()) for z_slice in voxels):
        raise InputError(
            f"The {title} must hold finite numbers only, but {wrong} of {voxels.size} voxels of {path} are NaN"
            " or infinite. Was it divided by zero or resampled without a value for the outside?"
        )


def _check_labels(volume: sitk.Image, labels: Mapping[int, str], path: Path, title: str) -> None:
    if wrong := unexpected_values(volume, labels):
        raise InputError(
            f"The {title} must hold only {in_words(labels)}, but {path} also holds"
            f" {', '.join(f'{value:g}' for value in wrong[:5])}{' and more' if len(wrong) > 5 else ''}."
            " Was an image, a probability map or another label set given?"
        )


def _unreadable(path: Path, title: str) -> InputError:
    """Return the error of a file that is no image: it is missing, not readable by this user, or something else."""
    if _is_missing(path):
        return InputError(f"The {title} must be a file, but there is none at {path}. Is the path right?")
    if not os.access(path, os.R_OK):
        return InputError(f"The {title} must be readable, but {path} belongs to another user. Was it made as root?")
    return InputError(
        f"The {title} must be a readable image, but {path} can't be read as one."
        " Is the file cut off or damaged, or is it of another type than its name says?"
    )


def _is_missing(path: Path) -> bool:
    try:
        return path.is_dir() or not path.exists()
    except PermissionError:  # its folder may not be searched, so that it may be there
        return False
