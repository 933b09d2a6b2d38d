"""Choice of the axial slices of a case that are drawn, and of the part of them that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.drawing.colours import FEW
from hnseg.imaging.box import Box

PANELS_A_ROW = 3

_MARGIN_MM = 20.0
_SMALLEST_MM = 100.0
_NEIGHBOURS = 3  # slices nearer than this show much the same

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ChosenSlice:
    """Axial slice to draw.

    Attributes:
        z: Index of the slice.
        title: Title, with the reason why the slice is shown.
    """

    z: int
    title: str


@dataclass(frozen=True)
class Frame:
    """Part of a slice that is shown: first and last row and column, both inside."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of an array (y, x)."""
        return slice(self.top, self.bottom + 1), slice(self.left, self.right + 1)


def choose_slices(found: Labels, wanted: Labels, labels: Iterable[int]) -> tuple[list[ChosenSlice], int]:
    """Choose slices: the one with most structures, the one where output and reference differ most, and others.

    Others are added for structures that the chosen slices lack; without any label, the middle slice is chosen.

    Args:
        found: Label map of the output, (z, y, x).
        wanted: Label map of the reference, the same; without slices where there is none.
        labels: Values that are drawn.

    Returns:
        The slices from below, and the index of the one with most to see.
    """
    drawn = sorted(labels)
    voxels = _counts(found, drawn) + (_counts(wanted, drawn) if len(wanted) else 0)
    count = len(found)
    if not voxels.any():
        return [ChosenSlice(count // 2, f"slice {count // 2 + 1} of {count}: nothing segmented")], count // 2
    fullest = _most_informative(voxels, [])
    chosen: dict[int, str] = {fullest: ": most to see"}
    if len(wanted):
        differing = (found != wanted).sum(axis=(1, 2))
        z = int(differing.argmax())
        if differing[z] and all(abs(z - other) >= _NEIGHBOURS for other in chosen):
            chosen[z] = ": largest difference"
    while len(chosen) < min(PANELS_A_ROW * (1 if len(drawn) <= len(FEW) else 2), count):
        chosen[_most_informative(voxels, list(chosen))] = ""
    return [ChosenSlice(z, f"slice {z + 1} of {count}{why}") for z, why in sorted(chosen.items())], fullest


def frame_around(shown: Mask, spacing_mm: Sequence[float], body: Box) -> Frame:
    """Return the frame around everything that is segmented, inside the body's box; all of that box without anything.

    Args:
        shown: Mask of the columns of voxels with something segmented, (y, x).
        spacing_mm: Voxel spacing, (x, y, z).
        body: Box of the body, in which all that is segmented lies too.
    """
    _, inside_y, inside_x = body.slices
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Frame(inside_y.start, inside_y.stop - 1, inside_x.start, inside_x.stop - 1)
    x_mm, y_mm, _ = spacing_mm
    side_mm = max(_SMALLEST_MM, np.ptp(rows) * y_mm + 2 * _MARGIN_MM, np.ptp(columns) * x_mm + 2 * _MARGIN_MM)
    top, bottom = _span(rows, side_mm / y_mm, inside_y)
    left, right = _span(columns, side_mm / x_mm, inside_x)
    return Frame(top, bottom, left, right)


def _counts(volume: Labels, labels: Sequence[int]) -> Counts:
    """Return the number of voxels of each label in each slice, (z, label)."""
    counts = np.zeros((len(volume), len(labels)), np.intp)
    labelled: Mask = np.logical_or.reduce(volume, axis=0)
    rows, columns = (np.flatnonzero(labelled.any(axis=axis)) for axis in (1, 0))
    if len(rows):
        part = volume[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        for z in np.flatnonzero(part.any(axis=(1, 2))):
            counts[z] = np.bincount(part[z].ravel(), minlength=256)[list(labels)]
    return counts


def _most_informative(voxels: Counts, chosen: Sequence[int]) -> int:
    """Return the index of the slice with most labels that the chosen ones lack, and of these the fullest.

    Slices near a chosen one come last.

    Args:
        voxels: Number of voxels, (z, label).
        chosen: Indices of the slices that are chosen already.
    """
    shown = voxels[np.array(chosen, np.intp)].sum(axis=0) > 0
    new = (voxels[:, ~shown] > 0).sum(axis=1)
    apart = np.array([min((abs(z - other) for other in chosen), default=len(voxels)) for z in range(len(voxels))])
    return int(np.lexsort((voxels.sum(axis=1), new, np.minimum(apart, _NEIGHBOURS)))[-1])


def _span(indices: npt.NDArray[np.intp], length: float, inside: slice) -> tuple[int, int]:
    """Return the first and last index of a span around the middle of these indices, kept inside a range."""
    length = min(round(length), inside.stop - inside.start)
    first = round((indices[0] + indices[-1] - length) / 2)
    first = min(max(first, inside.start), inside.stop - length)
    return first, first + length - 1
