"""Pictures of a case: slices of the scan with the reference filled in and the output's contours over it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from hnseg.imaging.geometry import array_of
from hnseg.imaging.hounsfield import looks_like_hounsfield
from hnseg.rehearsal.colours import FEW, colours_of

_MARGIN_MM = 20.0
_SMALLEST_MM = 100.0
_PANELS_A_ROW = 3
_NEIGHBOURS = 3  # slices nearer than this show much the same
_PANEL_INCHES = 3.3
_DPI = 100
_SOFT_TISSUE_HU = (-160.0, 350.0)

Volume = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Picture:
    """A PNG, and the labels that can be seen in it."""

    png: bytes
    labels: tuple[int, ...]


@dataclass(frozen=True)
class _Panel:
    """A slice and why it is shown."""

    z: int
    title: str


@dataclass(frozen=True)
class _Frame:
    """The part of a slice that is shown: first and last row and column."""

    top: int
    bottom: int
    left: int
    right: int


def draw_case(
    scan: sitk.Image, label_map: sitk.Image, reference: sitk.Image | None, labels: Mapping[int, str]
) -> Picture:
    """Draw axial slices, as a reader of images sees them: patient's right on the left.

    Up to three; up to six where there are more labels than a few.

    Args:
        scan: 3-D intensities.
        label_map: The output, on the scan's grid.
        reference: On the same grid; None where there is none.
        labels: Which values to draw.
    """
    low, high = _window(scan)
    intensities: Volume = array_of(sitk.DICOMOrient(scan, "LPS"))
    spacing_mm = sitk.DICOMOrient(scan, "LPS").GetSpacing()
    found: Labels = array_of(sitk.DICOMOrient(label_map, "LPS"))
    wanted: Labels = found[:0] if reference is None else array_of(sitk.DICOMOrient(reference, "LPS"))
    colours = colours_of(labels)
    panels = _panels(found, wanted, labels)
    frame = _frame(found, wanted, spacing_mm)
    rows = -(-len(panels) // _PANELS_A_ROW)
    columns = min(len(panels), _PANELS_A_ROW)
    figure = Figure(figsize=(_PANEL_INCHES * columns, _PANEL_INCHES * 1.08 * rows), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    every_axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in every_axes:
        axes.set_axis_off()
    for axes, panel in zip(every_axes, panels, strict=False):
        axes.imshow(intensities[panel.z], cmap="gray", vmin=low, vmax=high, interpolation="bilinear")
        _paint(axes, found[panel.z], wanted[panel.z] if len(wanted) else None, colours)
        axes.set_xlim(frame.left - 0.5, frame.right + 0.5)
        axes.set_ylim(frame.bottom + 0.5, frame.top - 0.5)
        axes.set_aspect(spacing_mm[1] / spacing_mm[0])
        axes.set_title(panel.title, color="white", fontsize=9)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.005, top=1 - 0.07 / rows, wspace=0.01, hspace=0.08)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    shown = {int(label) for panel in panels for volume in (found, wanted) for label in np.unique(volume[panel.z :][:1])}
    return Picture(picture.getvalue(), tuple(sorted(shown & set(labels))))


def _window(scan: sitk.Image) -> tuple[float, float]:
    """Return the values that become black and white: the soft tissues of a CT, nearly the whole range of others."""
    if looks_like_hounsfield(scan):
        return _SOFT_TISSUE_HU
    low, high = np.percentile(sitk.GetArrayViewFromImage(scan), (1, 99))
    return float(low), max(float(high), float(low) + 1)


def _paint(axes: Axes, found: Labels, wanted: Labels | None, colours: Mapping[int, str]) -> None:
    if wanted is not None:
        veil = np.zeros((*wanted.shape, 4), dtype=np.float32)
        for label, colour in colours.items():
            veil[wanted == label] = (*to_rgb(colour), 0.45)
        axes.imshow(veil, interpolation="nearest")
    width = 1.6 if len(colours) <= len(FEW) else 1.1
    for label, colour in colours.items():
        mask = found == label
        if mask.any():
            axes.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=width)


def _panels(found: Labels, wanted: Labels, labels: Iterable[int]) -> list[_Panel]:
    """Choose the slices: where most structures are, where output and reference differ most, and what these lack."""
    drawn = sorted(labels)
    voxels = _counts(found, drawn) + (_counts(wanted, drawn) if len(wanted) else 0)
    count, areas = len(found), voxels.sum(axis=1)
    if not areas.any():
        return [_Panel(count // 2, f"slice {count // 2 + 1} of {count}: nothing segmented")]
    chosen: dict[int, str] = {_most_telling(voxels, []): ": most to see"}
    if len(wanted):
        z = int((found != wanted).sum(axis=(1, 2)).argmax())
        if all(abs(z - other) >= _NEIGHBOURS for other in chosen):
            chosen[z] = ": largest difference"
    while len(chosen) < min(_PANELS_A_ROW * (1 if len(drawn) <= len(FEW) else 2), count):
        chosen[_most_telling(voxels, list(chosen))] = ""
    return [_Panel(z, f"slice {z + 1} of {count}{why}") for z, why in sorted(chosen.items())]


def _counts(volume: Labels, labels: Sequence[int]) -> Counts:
    """Return how many voxels of each label there are in each slice, (z, label)."""
    return np.array([np.bincount(z_slice.ravel(), minlength=256)[list(labels)] for z_slice in volume])


def _most_telling(voxels: Counts, chosen: Sequence[int]) -> int:
    """Return the slice with most labels that the chosen ones lack, of such the fullest; rather not beside a chosen one.

    Args:
        voxels: (z, label).
        chosen: Slices that are shown already.
    """
    seen = voxels[np.array(chosen, np.intp)].sum(axis=0) > 0
    new = (voxels[:, ~seen] > 0).sum(axis=1)
    apart = np.array([min((abs(z - other) for other in chosen), default=len(voxels)) for z in range(len(voxels))])
    return int(np.lexsort((voxels.sum(axis=1), new, np.minimum(apart, _NEIGHBOURS)))[-1])


def _frame(found: Labels, wanted: Labels, spacing_mm: tuple[float, ...]) -> _Frame:
    """Return what surrounds everything that is segmented with a margin; the whole slice where nothing is."""
    seen: npt.NDArray[np.bool_] = np.logical_or(found.any(axis=0), wanted.any(axis=0))
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return _Frame(0, seen.shape[0] - 1, 0, seen.shape[1] - 1)
    side_mm = max(
        _SMALLEST_MM,
        (np.ptp(rows) * spacing_mm[1]) + 2 * _MARGIN_MM,
        (np.ptp(columns) * spacing_mm[0]) + 2 * _MARGIN_MM,
    )
    top, bottom = _span(rows, side_mm / spacing_mm[1], seen.shape[0])
    left, right = _span(columns, side_mm / spacing_mm[0], seen.shape[1])
    return _Frame(top, bottom, left, right)


def _span(indices: npt.NDArray[np.intp], length: float, size: int) -> tuple[int, int]:
    """Return first and last index of a span of some length around the middle of these, kept inside the image."""
    length = min(round(length), size)
    first = round((indices[0] + indices[-1] - length) / 2)
    first = min(max(first, 0), size - length)
    return first, first + length - 1
