"""Pictures of a case: slices of the scan with the reference filled in and the output's contours over it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from hnseg.imaging.geometry import array_of

# Okabe and Ito's colours, told apart with any kind of colour vision; black and grey left out.
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")

_MARGIN_MM = 20.0
_SMALLEST_MM = 100.0
_PANELS = 3
_PANEL_INCHES = 3.3
_DPI = 100

Volume = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]


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


def colour_of(label: int) -> str:
    """Return a label's colour in pictures and legends."""
    return COLOURS[(label - 1) % len(COLOURS)]


def draw_case(
    scan: sitk.Image, label_map: sitk.Image, reference: sitk.Image | None, labels: Mapping[int, str]
) -> bytes:
    """Return a PNG of up to three axial slices, as a reader of images sees them: patient's right on the left.

    Args:
        scan: 3-D intensities.
        label_map: The output, on the scan's grid.
        reference: On the same grid; None where there is none.
        labels: Which values to draw.
    """
    intensities: Volume = array_of(sitk.DICOMOrient(scan, "LPS")).astype(np.float32)
    spacing_mm = sitk.DICOMOrient(scan, "LPS").GetSpacing()
    found: Labels = array_of(sitk.DICOMOrient(label_map, "LPS"))
    wanted: Labels | None = None if reference is None else array_of(sitk.DICOMOrient(reference, "LPS"))
    either = found.astype(bool) if wanted is None else found.astype(bool) | wanted.astype(bool)
    panels = _panels(found, wanted, either)
    frame = _frame(either, spacing_mm)
    low, high = np.percentile(intensities, (1, 99))
    figure = Figure(figsize=(_PANEL_INCHES * len(panels), _PANEL_INCHES * 1.08), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        axes.imshow(intensities[panel.z], cmap="gray", vmin=low, vmax=max(high, low + 1), interpolation="bilinear")
        _paint(axes, found[panel.z], None if wanted is None else wanted[panel.z], labels)
        axes.set_xlim(frame.left - 0.5, frame.right + 0.5)
        axes.set_ylim(frame.bottom + 0.5, frame.top - 0.5)
        axes.set_aspect(spacing_mm[1] / spacing_mm[0])
        axes.set_title(panel.title, color="white", fontsize=9)
        axes.set_axis_off()
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.005, top=0.93, wspace=0.01)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _paint(axes: Axes, found: Labels, wanted: Labels | None, labels: Mapping[int, str]) -> None:
    if wanted is not None:
        veil = np.zeros((*wanted.shape, 4), dtype=np.float32)
        for label in labels:
            veil[wanted == label] = (*to_rgb(colour_of(label)), 0.45)
        axes.imshow(veil, interpolation="nearest")
    for label in labels:
        mask = found == label
        if mask.any():
            axes.contour(mask.astype(float), levels=[0.5], colors=[colour_of(label)], linewidths=1.6)


def _panels(found: Labels, wanted: Labels | None, either: npt.NDArray[np.bool_]) -> list[_Panel]:
    """Choose the slices: where most is segmented, where output and reference differ most, and others."""
    count = len(found)
    areas = either.sum(axis=(1, 2))
    largest, middle = {int(areas.argmax()): ": largest area"}, {count // 2: ": nothing segmented"}
    chosen = largest if areas.any() else middle
    if wanted is not None and areas.any():
        differing = (found != wanted).sum(axis=(1, 2))
        chosen.setdefault(int(differing.argmax()), ": largest difference")
    while len(chosen) < min(_PANELS, count):
        # Of the other slices, the one where most is segmented; rather not a neighbour of those.
        apart = np.array([min(abs(z - other) for other in chosen) for z in range(count)])
        rank = np.where(apart > 2, areas + 1.0, np.where(apart > 0, areas / (areas.sum() + 1.0), -1.0))
        chosen[int(rank.argmax())] = ""
    return [_Panel(z, f"slice {z + 1} of {count}{why}") for z, why in sorted(chosen.items())]


def _frame(either: npt.NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> _Frame:
    """Return what surrounds everything that is segmented with a margin; the whole slice where nothing is."""
    rows, columns = (np.flatnonzero(either.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    if not len(rows):
        return _Frame(0, either.shape[1] - 1, 0, either.shape[2] - 1)
    side_mm = max(
        _SMALLEST_MM,
        (np.ptp(rows) * spacing_mm[1]) + 2 * _MARGIN_MM,
        (np.ptp(columns) * spacing_mm[0]) + 2 * _MARGIN_MM,
    )
    top, bottom = _span(rows, side_mm / spacing_mm[1], either.shape[1])
    left, right = _span(columns, side_mm / spacing_mm[0], either.shape[2])
    return _Frame(top, bottom, left, right)


def _span(indices: npt.NDArray[np.intp], length: float, size: int) -> tuple[int, int]:
    """Return first and last index of a span of some length around the middle of these, kept inside the image."""
    length = min(round(length), size)
    first = round((indices[0] + indices[-1] - length) / 2)
    first = min(max(first, 0), size - length)
    return first, first + length - 1
