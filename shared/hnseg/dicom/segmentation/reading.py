"""Reading of segmentations of any program into label maps on the grid of a series, by highdicom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import highdicom as hd
import numpy as np

from hnseg.dicom.elements import damage_as_header_error, is_dicom
from hnseg.errors import HeaderError, InputError
from hnseg.imaging.geometry import LabelArray

if TYPE_CHECKING:
    from hnseg.dicom.series.series import Series

MOST_SEGMENTS = 255
"""Segments of a label map of uint8."""

_TOLERANCE_MM = 0.01


def read_segmentation(path: Path) -> hd.seg.Segmentation:
    """Read a segmentation, binary or a label map.

    Args:
        path: Its file.

    Raises:
        InputError: It is no such file, is cut off or damaged, is of fractions, or has no segment or over 255.
    """
    try:
        with damage_as_header_error():
            found = hd.seg.segread(path) if is_dicom(path) else None
            kind = "" if found is None else found.segmentation_type.value
            count = 0 if found is None else found.number_of_segments
    except (HeaderError, OSError) as error:
        reason = str(error) if isinstance(error, HeaderError) else error.strerror
        raise InputError(f"The segmentation must be a whole SEG, but {path} can't be used: {reason}.") from error
    if found is None:
        raise InputError(f"The segmentation must be a whole SEG, but {path} is no DICOM file. Is the path right?")
    if kind == "FRACTIONAL":
        raise InputError(
            f"A label map is read from binary segments or a label map, but {path} holds fractions, which have no"
            " labels. Is there a segmentation beside it?"
        )
    if not 1 <= count <= MOST_SEGMENTS:
        raise InputError(f"A label map can hold 1 to {MOST_SEGMENTS} segments, but {path} has {count}.")
    return found


def names_of(segmentation: hd.seg.Segmentation) -> dict[int, str]:
    """Return the names of a segmentation's segments by their numbers."""
    with damage_as_header_error():
        return {number: _name(segmentation, number) for number in segmentation.segment_numbers}


def series_of(segmentation: hd.seg.Segmentation) -> set[str]:
    """Return the identifiers of the series that a segmentation refers to; none where it refers to none."""
    try:
        with damage_as_header_error():
            return {str(series) for _, series, _ in segmentation.get_source_image_uids()}
    except HeaderError:
        return set()


def label_map_of(segmentation: hd.seg.Segmentation, series: Series, path: Path) -> LabelArray:
    """Return the label map of a segmentation, (z, y, x), with the numbers of its segments.

    Args:
        segmentation: Segmentation as read.
        series: Series that it is of.
        path: File of the segmentation, for error sentences.

    Raises:
        InputError: It lies in other coordinates, off the voxels of the series or outside it, or segments share voxels.
    """
    _check_frame(segmentation, series, path)
    try:
        with damage_as_header_error():
            volume = segmentation.get_volume(combine_segments=True, dtype=np.uint8)
            placed = volume.match_geometry(_geometry(series), tol=_TOLERANCE_MM)
    except (HeaderError, RuntimeError) as error:
        raise InputError(
            f"The segments must lie on the voxels of the series, each voxel in one of them, but those of {path} do not."
            " Is it of another series, or do segments overlap?"
        ) from error
    return np.ascontiguousarray(placed.array)


def _check_frame(segmentation: hd.seg.Segmentation, series: Series, path: Path) -> None:
    frame = segmentation.get("FrameOfReferenceUID", series.frame_of_reference_uid)
    if frame != series.frame_of_reference_uid:
        raise InputError(
            f"The segmentation must be in the coordinates of the series, but the frame of reference of {path} is"
            " another one. Is it of another scan?"
        )


def _geometry(series: Series) -> hd.VolumeGeometry:
    """Return a series' grid as highdicom has it: axes (z, y, x), LPS."""
    grid = series.grid
    axes_xyz = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing_mm)
    affine = np.eye(4)
    affine[:3, :3] = axes_xyz[:, ::-1]
    affine[:3, 3] = grid.origin_mm
    return hd.VolumeGeometry(affine, grid.shape_zyx, "PATIENT", frame_of_reference_uid=series.frame_of_reference_uid)


def _name(segmentation: hd.seg.Segmentation, number: int) -> str:
    return str(segmentation.get_segment_description(number).segment_label)
