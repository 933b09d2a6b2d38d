"""From the mounted sockets to a checked case."""

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
from hnseg.machine import is_exhausted, limit_gib
from hnseg.platform.case import Case
from hnseg.platform.inputs_json import socket_folders
from hnseg.platform.labels import in_words, unexpected_values
from hnseg.platform.spec import ChallengeSpec, InputSocket
from hnseg.platform.values import read_values

SUFFIXES = (".mha", ".tif", ".tiff", ".nii.gz", ".nrrd")
_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)


def read_case(spec: ChallengeSpec, input_dir: Path) -> Case:
    """Read and check every input socket of a case once.

    Args:
        spec: Which sockets there are and what each promises.
        input_dir: Holds the sockets' folders and perhaps `inputs.json`; only read, and may be a symbolic link.

    Returns:
        Intensities with the voxel type of their file, label maps as uint8; no image for an empty optional socket, nor
        for a dispensable one whose image breaks what it promises: then there is the sentence that says why. Values
        likewise, each of which the case can do without.

    Raises:
        InputError: A required image is missing, there are two, or one breaks what its socket promises.
        MemoryError: There is not enough memory for an image.
    """
    folders = socket_folders(spec, input_dir)
    values = read_values(spec, input_dir)
    images: dict[str, sitk.Image] = {}
    files: dict[str, Path] = {}
    left_out: dict[str, str] = {}
    for socket in spec.inputs:
        path = _image_if_any(socket, folders[socket.slug])
        if path is None:
            continue
        try:
            images[socket.slug] = read_image(socket, path)
        except InputError as error:
            if not socket.dispensable:
                raise
            left_out[socket.slug] = str(error)
        else:
            files[socket.slug] = path
    for socket in spec.inputs:
        _check_grid(spec, socket, images, files)
    return Case(
        images=images,
        reference=images[spec.output.on_grid_of],
        files=files | values.files,
        left_out=left_out | values.left_out,
        values=values.parsed,
        asked=tuple(socket.slug for socket in spec.answers),
    )


def read_image(socket: InputSocket, path: Path) -> sitk.Image:
    """Read and check one image as what its socket says it is, wherever the file lies.

    Returns:
        Intensities with the voxel type of the file, a label map as uint8.

    Raises:
        InputError: The image breaks what its socket promises.
        MemoryError: There is not enough memory for it.
    """
    return _read_intensities(socket, path) if socket.labels is None else _read_labels(socket, path)


def read_reference_grid(spec: ChallengeSpec, input_dir: Path) -> Grid:
    """Return the grid that the output must have, from the header of the reference image alone.

    Raises:
        InputError: The reference image is missing or its header can't be read.
    """
    socket = spec.input(spec.output.on_grid_of)
    path = _only_image(socket, socket_folders(spec, input_dir)[socket.slug])
    header: Any = _read_header(socket, path)  # it has the size, spacing, origin and direction of an image
    return Grid.of(header)


def _image_if_any(socket: InputSocket, folder: Path) -> Path | None:
    """Return a socket's image; None where it is optional and missing."""
    names, _ = _contents(folder)
    return _only_image(socket, folder) if socket.required or _images_among(names) else None


def _only_image(socket: InputSocket, folder: Path) -> Path:
    """Return the one image in a socket's folder."""
    names, state = _contents(folder)
    found = _images_among(names)
    if not found:
        raise InputError(
            f"Exactly one image, the {socket.title}, must lie in {folder}, but the folder {state}."
            f" Is the input mounted there, as one of {', '.join(SUFFIXES)}?"
        )
    if len(found) > 1:
        raise InputError(
            f"Exactly one image, the {socket.title}, must lie in {folder}, but there are {len(found)}:"
            f" {', '.join(found[:3])}. Was more than one case put into the input?"
        )
    return folder / found[0]


def _contents(folder: Path) -> tuple[list[str], str]:
    """Return the names of a folder's visible files, sorted, and what a sentence says of a folder without images."""
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        return [], f"can't be listed ({error.strerror})"
    return names, f"holds only {', '.join(names[:3])}" if names else "is empty"


def _images_among(names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(SUFFIXES)]


def _read_header(socket: InputSocket, path: Path) -> sitk.ImageFileReader:
    """Return a reader that knows the header of one scalar 3-D image."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(socket, path) from error
    if reader.GetDimension() != 3:
        raise InputError(
            f"The {socket.title} must be one 3-D image, but {path} is {reader.GetDimension()}-D with size"
            f" {reader.GetSize()}. Was a single slice or a series of volumes given?"
        )
    if reader.GetNumberOfComponents() != 1 or reader.GetPixelID() in _COMPLEX:
        kind = sitk.GetPixelIDValueAsString(reader.GetPixelID())
        raise InputError(
            f"The {socket.title} must have one real number a voxel, but {path} has a {kind}."
            " Was a colour image or a vector field given?"
        )
    return reader


def _read(socket: InputSocket, path: Path) -> sitk.Image:
    reader = _read_header(socket, path)
    voxel_bytes = sitk.Image([1, 1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()
    # A lower bound on what a case takes: the voxels as they are read, and once more as float32 for the network.
    needed_gib = float(np.prod([float(n) for n in reader.GetSize()])) * (voxel_bytes + 4) / (1 << 30)
    if needed_gib > limit_gib():
        raise InputError(
            f"The {socket.title} must fit into memory, but {path} with size {reader.GetSize()} needs over"
            f" {needed_gib:.1f} GiB and there are {limit_gib():.1f}. Is the header corrupt, or the image far too fine?"
        )
    try:
        if is_damaged(path):
            raise _unreadable(socket, path)
        image: sitk.Image = reader.Execute()
    except (OSError, RuntimeError) as error:
        if is_exhausted(error):
            raise MemoryError(str(error)) from error
        raise _unreadable(socket, path) from error
    return image


def _unreadable(socket: InputSocket, path: Path) -> InputError:
    if not os.access(path, os.R_OK):
        return InputError(
            f"The {socket.title} must be readable, but {path} belongs to another user. Was it made as root?"
        )
    return InputError(
        f"The {socket.title} must be a readable image, but {path} can't be read as one."
        " Is the file cut off or damaged, or is it of another type than its name says?"
    )


def _read_intensities(socket: InputSocket, path: Path) -> sitk.Image:
    image = _read(socket, path)
    voxels = sitk.GetArrayViewFromImage(image)
    if np.issubdtype(voxels.dtype, np.floating) and (wrong := voxels.size - int(np.isfinite(voxels).sum())):
        raise InputError(
            f"The {socket.title} must hold finite numbers only, but {wrong} of {voxels.size} voxels of {path} are NaN"
            " or infinite. Was it divided by zero or resampled without a value for the outside?"
        )
    if voxels.min() == voxels.max():
        raise InputError(
            f"The {socket.title} must show something, but every voxel of {path} is {voxels.flat[0]}."
            " Was an empty image exported?"
        )
    return image


def _read_labels(socket: InputSocket, path: Path) -> sitk.Image:
    image = _read(socket, path)
    labels = socket.labels or {}
    if wrong := unexpected_values(image, labels):
        raise InputError(
            f"The {socket.title} must hold only {in_words(labels)}, but {path} also holds"
            f" {', '.join(f'{value:g}' for value in wrong[:5])}{' and more' if len(wrong) > 5 else ''}."
            " Was an image, a probability map or another label set given?"
        )
    label_map: sitk.Image = sitk.Cast(image, sitk.sitkUInt8)
    return label_map


def _check_grid(
    spec: ChallengeSpec, socket: InputSocket, images: Mapping[str, sitk.Image], files: Mapping[str, Path]
) -> None:
    """Refuse an image that is not on the grid it promises, where both images are there."""
    if socket.on_grid_of is None or socket.slug not in images or socket.on_grid_of not in images:
        return
    mine, theirs = Grid.of(images[socket.slug]), Grid.of(images[socket.on_grid_of])
    if mine.matches(theirs):
        return
    apart = "" if mine.size_xyz != theirs.size_xyz else f" (voxels are up to {mine.distance_mm(theirs):.3g} mm off)"
    raise InputError(
        f"The {socket.title} must lie on the grid of the {spec.input(socket.on_grid_of).title}, but"
        f" {files[socket.slug]} has {mine.differences(theirs)}{apart} in {files[socket.on_grid_of]}."
        f" Was an image given that was not resampled onto the {spec.input(socket.on_grid_of).title}?"
    )
