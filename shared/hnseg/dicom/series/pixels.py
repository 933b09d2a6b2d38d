"""Pixels of a series as the voxels of a volume, in the unit that the rescale slope and intercept of each slice give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from hnseg.dicom.elements import damage_as_header_error, numbers_of
from hnseg.dicom.series.series import Series, Slice
from hnseg.errors import HeaderError, InputError, MemoryShortError
from hnseg.imaging.files.output_files import reason_of
from hnseg.imaging.geometry import FloatArray, image_of
from hnseg.machine import GIB, limit_gib

_VOXEL_BYTES = 4
_WHOLE = np.iinfo(np.int16)


def read_voxels(series: Series, title: str) -> FloatArray:
    """Read the pixels of a series.

    Args:
        series: Its slices.
        title: What the series is called in error sentences, such as "series 3".

    Returns:
        Voxels, (z, y, x), float32: stored values times each slice's rescale slope, plus its intercept.

    Raises:
        InputError: A slice is damaged, is in colour, is compressed in a way that can't be decoded, or has other pixels
            than its header says.
        MemoryShortError: They do not fit into memory.
    """
    needed_gib = float(np.prod([float(count) for count in series.grid.size_xyz])) * _VOXEL_BYTES / GIB
    if needed_gib > limit_gib():
        raise MemoryShortError(
            f"The voxels of {title} must fit into memory, but they need {needed_gib:.1f} GiB and there are"
            f" {limit_gib():.1f}. Is a header corrupt?"
        )
    voxels: FloatArray = np.empty(series.grid.shape_zyx, np.float32)
    for z, each in enumerate(series.slices):
        voxels[z] = _pixels_or_refusal(each, series.grid.shape_zyx[1:], f"slice {z + 1} of {title}")
    return voxels


def volume_of(voxels: FloatArray, series: Series) -> sitk.Image:
    """Return voxels as an image on a series' grid: int16 where all are whole numbers that it can hold, else float32.

    Args:
        voxels: Voxels, (z, y, x), of the grid's shape.
        series: Series that they are of.
    """
    is_whole = all(bool((part == np.rint(part)).all()) for part in voxels)
    if is_whole and _WHOLE.min <= voxels.min() and voxels.max() <= _WHOLE.max:
        return image_of(voxels.astype(np.int16), series.grid)
    return image_of(voxels, series.grid)


def _pixels_or_refusal(each: Slice, shape: tuple[int, ...], title: str) -> npt.NDArray[np.float64]:
    try:
        return _pixels(each, shape)
    except (HeaderError, OSError) as error:
        reason = str(error) if isinstance(error, HeaderError) else reason_of(error)
        raise InputError(
            f"Each slice of a series must have pixels that can be read, but {title} has not: {reason}."
            " Was the export cut short, or compressed in an unusual way?"
        ) from error


def _pixels(each: Slice, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the pixels of a slice in its unit, (y, x)."""
    with damage_as_header_error():
        elements = dcmread(each.path)
        if int(elements.get("SamplesPerPixel") or 1) != 1:
            raise HeaderError("it is in colour")
        if elements.get("ModalityLUTSequence"):
            raise HeaderError("its values stand for others in a table (ModalityLUTSequence), which is not read")
        stored = _stored(elements, each)
        if stored.shape != shape:
            raise HeaderError(f"it has {stored.shape} pixels, not {shape}")
        slope, intercept = (_rescale(elements, name) for name in ("RescaleSlope", "RescaleIntercept"))
        values = stored.astype(np.float64) * slope + intercept
    if not np.isfinite(values).all():
        raise HeaderError("its values are not finite")
    return values


def _stored(elements: Dataset, each: Slice) -> npt.NDArray[np.generic]:
    """Return the values that are stored, (y, x), decoded by pydicom or, where it can't, by ITK's GDCM."""
    syntax = elements.file_meta.get("TransferSyntaxUID")
    if syntax is None or not UID(syntax).is_compressed or _can_decode(UID(syntax)):
        return np.asarray(elements.pixel_array)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(each.path))
    try:
        rescaled = sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise HeaderError(f"it is compressed as {UID(syntax).name}, which can't be decoded") from error
    slope, intercept = (_rescale(elements, name) for name in ("RescaleSlope", "RescaleIntercept"))
    values = (rescaled.reshape(rescaled.shape[-2:]).astype(np.float64) - intercept) / slope
    return np.asarray(np.rint(values))


def _can_decode(syntax: UID) -> bool:
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def _rescale(elements: Dataset, keyword: str) -> float:
    """Return a slope, 1 where there is none, or an intercept, 0 where there is none."""
    if elements.get(keyword) in (None, ""):
        return float(keyword == "RescaleSlope")
    (value,) = numbers_of(elements, keyword, 1)
    if keyword == "RescaleSlope" and value == 0:
        raise HeaderError("its RescaleSlope is 0")
    return value
