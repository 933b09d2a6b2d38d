"""Pictures of a case: slices of the scan, the reference as filled areas, and the output as contours over them."""

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
from matplotlib.patches import Rectangle

from hnseg.drawing.colours import FEW, colours_of
from hnseg.drawing.crop import CropRecord
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import array_of
from hnseg.imaging.hounsfield import looks_like_hounsfield

_MARGIN_MM = 20.0
_CROP_MARGIN_MM = 5.0
_SMALLEST_MM = 100.0
_PANELS_A_ROW = 3
_NEIGHBOURS = 3  # slices nearer than this show much the same
_PANEL_INCHES = 3.3
_DPI = 100
_SOFT_TISSUE_HU = (-160.0, 350.0)

Volume = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.intp]
Slice = int | tuple[slice, int]


@dataclass(frozen=True)
class Picture:
    """Picture of a case.

    Attributes:
        png: Slices as a PNG.
        labels: Labels that occur in the slices, sorted.
        crop: Crop whose box is drawn; None without one.
    """

    png: bytes
    labels: tuple[int, ...]
    crop: CropRecord | None = None


@dataclass(frozen=True)
class _Volumes:
    """Volumes that are drawn, LPS: arrays (z, y, x), indices and spacing (x, y, z).

    Attributes:
        scan: Intensities.
        window: Values that become black and white.
        found: Label map of the output.
        wanted: Label map of the reference; without slices where there is none.
        spacing_mm: Voxel spacing of all of them.
        colours: Colours by label.
        box: Box of the crop; None without one.
    """

    scan: Volume
    window: tuple[float, float]
    found: Labels
    wanted: Labels
    spacing_mm: tuple[float, ...]
    colours: Mapping[int, str]
    box: Box | None


@dataclass(frozen=True)
class _Panel:
    """Axial slice to draw.

    Attributes:
        z: Index of the slice.
        title: Title, with the reason why the slice is shown.
    """

    z: int
    title: str


@dataclass(frozen=True)
class _Frame:
    """Part of a slice that is shown: first and last row and column, both inside."""

    top: int
    bottom: int
    left: int
    right: int


def draw_case(
    scan: sitk.Image,
    label_map: sitk.Image,
    reference: sitk.Image | None,
    labels: Mapping[int, str],
    *,
    crop: CropRecord | None = None,
) -> Picture:
    """Draw axial slices in the radiological view: the patient's right is on the left.

    Up to three slices; up to six where there are more labels than seven. With a crop, its box is a dashed rectangle in
    these, and in a coronal slice of the whole scan that is drawn beside them.

    Args:
        scan: Intensities, 3-D.
        label_map: Label map of the output, on the scan's grid.
        reference: Label map of the reference, on the same grid; None where there is none.
        labels: Values to draw, with their names.
        crop: Crop inside the scan; None where there is none.
    """
    volumes = _volumes(scan, label_map, reference, labels, crop)
    found, wanted = volumes.found, volumes.wanted
    panels = _panels(found, wanted, labels)
    frame = _frame(volumes)
    a_row = _PANELS_A_ROW + (crop is not None)
    rows = -(-(len(panels) + (crop is not None)) // a_row)
    columns = min(len(panels) + (crop is not None), a_row)
    figure = Figure(figsize=(_PANEL_INCHES * columns, _PANEL_INCHES * 1.08 * rows), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    every_axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in every_axes:
        axes.set_axis_off()
    for axes, panel in zip(every_axes, panels, strict=False):
        _draw_axial(axes, volumes, panel, frame)
    if volumes.box is not None:
        _draw_coronal(every_axes[len(panels)], volumes, volumes.box)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.005, top=1 - 0.07 / rows, wspace=0.01, hspace=0.08)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    shown = {int(label) for panel in panels for volume in (found, wanted) for label in np.unique(volume[panel.z :][:1])}
    return Picture(picture.getvalue(), tuple(sorted(shown & set(labels))), crop)


def _volumes(
    scan: sitk.Image,
    label_map: sitk.Image,
    reference: sitk.Image | None,
    labels: Mapping[int, str],
    crop: CropRecord | None,
) -> _Volumes:
    upright = sitk.DICOMOrient(scan, "LPS")
    found: Labels = array_of(sitk.DICOMOrient(label_map, "LPS"))
    return _Volumes(
        scan=array_of(upright),
        window=_window(scan),
        found=found,
        wanted=found[:0] if reference is None else array_of(sitk.DICOMOrient(reference, "LPS")),
        spacing_mm=upright.GetSpacing(),
        colours=colours_of(labels),
        box=None if crop is None else crop.box_in(upright, scan),
    )


def _draw_axial(axes: Axes, volumes: _Volumes, panel: _Panel, frame: _Frame) -> None:
    z = panel.z
    _draw_slice(axes, volumes, np.s_[z])
    if volumes.box is not None and volumes.box.index_xyz[2] <= z <= volumes.box.last_xyz[2]:
        axes.add_patch(_outline(volumes.box, across=0, down=1))
    axes.set_xlim(frame.left - 0.5, frame.right + 0.5)
    axes.set_ylim(frame.bottom + 0.5, frame.top - 0.5)
    axes.set_aspect(volumes.spacing_mm[1] / volumes.spacing_mm[0])
    axes.set_title(panel.title, color="white", fontsize=9)


def _draw_coronal(axes: Axes, volumes: _Volumes, box: Box) -> None:
    """Draw the whole scan from the front: in the plane with most segmented voxels, or through the box's middle."""
    areas = (volumes.found > 0).sum(axis=(0, 2))
    y = int(areas.argmax()) if areas.any() else (box.index_xyz[1] + box.last_xyz[1]) // 2
    _draw_slice(axes, volumes, np.s_[:, y])
    axes.add_patch(_outline(box, across=0, down=2))
    axes.set_ylim(-0.5, len(volumes.scan) - 0.5)  # the head above
    axes.set_aspect(volumes.spacing_mm[2] / volumes.spacing_mm[0])
    axes.set_title("coronal: the crop", color="white", fontsize=9)


def _outline(box: Box, *, across: int, down: int) -> Rectangle:
    """Return the edge of a box in a slice, whose columns and rows are these axes (0 x, 1 y, 2 z)."""
    (left, width), (top, height) = ((box.index_xyz[axis], box.size_xyz[axis]) for axis in (across, down))
    return Rectangle(
        (left - 0.5, top - 0.5), width, height, fill=False, linestyle="--", linewidth=0.9, edgecolor="white"
    )


def _window(scan: sitk.Image) -> tuple[float, float]:
    """Return the values that become black and white: soft tissue of a CT, percentiles 1 and 99 of other images."""
    if looks_like_hounsfield(scan):
        return _SOFT_TISSUE_HU
    low, high = np.percentile(sitk.GetArrayViewFromImage(scan), (1, 99))
    return float(low), max(float(high), float(low) + 1)


def _draw_slice(axes: Axes, volumes: _Volumes, where: Slice) -> None:
    """Draw a slice of the scan, the reference as filled areas, and the output as contours."""
    low, high = volumes.window
    axes.imshow(volumes.scan[where], cmap="gray", vmin=low, vmax=high, interpolation="bilinear")
    found, colours = volumes.found[where], volumes.colours
    if len(volumes.wanted):
        wanted = volumes.wanted[where]
        overlay = np.zeros((*wanted.shape, 4), dtype=np.float32)
        for label, colour in colours.items():
            overlay[wanted == label] = (*to_rgb(colour), 0.45)
        axes.imshow(overlay, interpolation="nearest")
    width = 1.6 if len(colours) <= len(FEW) else 1.1
    for label, colour in colours.items():
        mask = found == label
        if mask.any():
            axes.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=width)


def _panels(found: Labels, wanted: Labels, labels: Iterable[int]) -> list[_Panel]:
    """Choose the slices: the one with most structures, the one where output and reference differ most, and others.

    Others are added for structures that the chosen slices lack; without any label, the middle slice is chosen.
    """
    drawn = sorted(labels)
    voxels = _counts(found, drawn) + (_counts(wanted, drawn) if len(wanted) else 0)
    count, areas = len(found), voxels.sum(axis=1)
    if not areas.any():
        return [_Panel(count // 2, f"slice {count // 2 + 1} of {count}: nothing segmented")]
    chosen: dict[int, str] = {_most_informative(voxels, []): ": most to see"}
    if len(wanted):
        differing = (found != wanted).sum(axis=(1, 2))
        z = int(differing.argmax())
        if differing[z] and all(abs(z - other) >= _NEIGHBOURS for other in chosen):
            chosen[z] = ": largest difference"
    while len(chosen) < min(_PANELS_A_ROW * (1 if len(drawn) <= len(FEW) else 2), count):
        chosen[_most_informative(voxels, list(chosen))] = ""
    return [_Panel(z, f"slice {z + 1} of {count}{why}") for z, why in sorted(chosen.items())]


def _counts(volume: Labels, labels: Sequence[int]) -> Counts:
    """Return the number of voxels of each label in each slice, (z, label)."""
    return np.array([np.bincount(z_slice.ravel(), minlength=256)[list(labels)] for z_slice in volume])


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


def _frame(volumes: _Volumes) -> _Frame:
    """Return the frame around everything that is segmented and the crop; the whole slice where there is neither."""
    shown: npt.NDArray[np.bool_] = np.logical_or(volumes.found.any(axis=0), volumes.wanted.any(axis=0))
    margin_mm = _MARGIN_MM
    if volumes.box is not None:
        (left, top, _), (right, bottom, _) = volumes.box.index_xyz, volumes.box.last_xyz
        shown[top : bottom + 1, left : right + 1] = True
        margin_mm = _CROP_MARGIN_MM
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return _Frame(0, shown.shape[0] - 1, 0, shown.shape[1] - 1)
    x_mm, y_mm, _ = volumes.spacing_mm
    side_mm = max(_SMALLEST_MM, np.ptp(rows) * y_mm + 2 * margin_mm, np.ptp(columns) * x_mm + 2 * margin_mm)
    top, bottom = _span(rows, side_mm / y_mm, shown.shape[0])
    left, right = _span(columns, side_mm / x_mm, shown.shape[1])
    return _Frame(top, bottom, left, right)


def _span(indices: npt.NDArray[np.intp], length: float, size: int) -> tuple[int, int]:
    """Return the first and last index of a span around the middle of these indices, kept inside the image."""
    length = min(round(length), size)
    first = round((indices[0] + indices[-1] - length) / 2)
    first = min(max(first, 0), size - length)
    return first, first + length - 1
