"""Contours of the structures of a label map, on the slices of a series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.dicom.contours.outlines import Polygon, outlines_of
from hnseg.dicom.series.series import Series
from hnseg.imaging.geometry import LabelArray


@dataclass(frozen=True)
class Outline:
    """Outline of one piece of a structure in one slice.

    Attributes:
        z: Number of the slice.
        points_mm: Vertices, LPS, shape (n, 3): in the plane of the slice as its file has it.
    """

    z: int
    points_mm: Polygon


def outlines_by_label(label_map: LabelArray, labels: Mapping[int, str], series: Series) -> dict[int, list[Outline]]:
    """Return the outlines of each structure, slice by slice; labels that are not in the label map have none.

    Args:
        label_map: Labels, (z, y, x), on the series' grid.
        labels: Names by label.
        series: Series on whose slices the outlines are drawn.
    """
    boxes = dict(enumerate(ndimage.find_objects(label_map, max_label=max(labels)), start=1))
    outlines: dict[int, list[Outline]] = {}
    for label in sorted(labels):
        box = boxes.get(label)
        outlines[label] = [] if box is None else list(_outlines(label_map[box] == label, box, series))
    return outlines


def _outlines(mask: npt.NDArray[np.bool_], box: tuple[slice, ...], series: Series) -> Iterator[Outline]:
    top, left = box[1].start, box[2].start
    spacing_mm = np.array(series.grid.spacing_mm[:2])
    axes = np.array(series.grid.direction).reshape(3, 3)[:, :2].T
    for z, plane in enumerate(mask, start=box[0].start):
        position_mm = np.array(series.slices[z].position_mm)
        for polygon in outlines_of(plane):
            yield Outline(z, position_mm + ((polygon + np.array([left, top])) * spacing_mm) @ axes)
