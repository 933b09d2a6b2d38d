"""Checkerboard of two registered images: tiles of one and of the other in turn, so that a misaligned edge has steps."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hnseg.imaging.geometry import FloatArray, Grid, array_of, resample_image

MOVING_TINT = (1.0, 0.78, 0.42)
"""Tint of the moving image's tiles, amber; the fixed image is grey."""

_TILE_MM = 24.0
_MARGIN_MM = 20.0
_PIXEL_MM = 0.75
_BEYOND = 0.45  # brightness where the moving image has nothing to show
_HEIGHT_INCHES = 3.6
_DPI = 100

Point = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Plane:
    """Plane of the patient: its name, and the directions of rising column and row numbers, LPS."""

    name: str
    across: tuple[int, int, int]
    down: tuple[int, int, int]


# In the radiological view: the patient's right is on the left, and so is the front of the head.
_PLANES = (
    _Plane("axial", (1, 0, 0), (0, 1, 0)),
    _Plane("coronal", (1, 0, 0), (0, 0, -1)),
    _Plane("sagittal", (0, 1, 0), (0, 0, -1)),
)


@dataclass(frozen=True)
class _Cut:
    """Cut through both images in one plane, arrays (row, column).

    Attributes:
        name: Name of the plane.
        fixed: Intensities of the fixed image.
        moving: Intensities of the moving image; undefined where it does not reach.
        is_met: Mask of the pixels that the moving image reaches.
    """

    name: str
    fixed: FloatArray
    moving: FloatArray
    is_met: npt.NDArray[np.bool_]


def draw_checkerboard(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> bytes:
    """Return a PNG of an axial, a coronal and a sagittal plane through the middle of the moving image.

    Args:
        fixed: Intensities, 3-D; drawn grey.
        moving: Intensities, 3-D, any grid; drawn amber. The fixed image is dim where this one does not reach.
        transform: Transform of points of `fixed` to points of `moving`; can be inverted.
    """
    box = _box(Grid.of(fixed), Grid.of(moving), transform.GetInverse())
    cuts = [_cut(plane, box, fixed, moving, transform) for plane in _PLANES]
    greys = _equalised([cut.fixed for cut in cuts], [cut.is_met for cut in cuts])
    ambers = _equalised([cut.moving for cut in cuts], [cut.is_met for cut in cuts])
    widths = [cut.fixed.shape[1] / cut.fixed.shape[0] for cut in cuts]
    figure = Figure(figsize=(_HEIGHT_INCHES * sum(widths), _HEIGHT_INCHES * 1.08), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(cuts), squeeze=False, width_ratios=widths)[0]
    for axes, cut, grey, amber in zip(panels, cuts, greys, ambers, strict=True):
        axes.imshow(_tiled(grey, amber, cut.is_met), interpolation="bilinear")
        axes.set_title(cut.name, color="white", fontsize=9)
        axes.set_axis_off()
    figure.subplots_adjust(left=0.003, right=0.997, bottom=0.005, top=0.93, wspace=0.01)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _box(fixed: Grid, moving: Grid, to_fixed: sitk.Transform) -> tuple[Point, Point]:
    """Return the lowest and highest corner to show, LPS in mm: the moving image with a margin, inside the fixed one.

    The whole fixed image is shown where the two hardly meet.
    """
    carried = np.array([to_fixed.TransformPoint(point) for point in moving.corners_mm().tolist()])
    lowest, highest = (edge(fixed.corners_mm(), axis=0) for edge in (np.min, np.max))
    low = np.clip(carried.min(axis=0) - _MARGIN_MM, lowest, highest)
    high = np.clip(carried.max(axis=0) + _MARGIN_MM, lowest, highest)
    return (low, high) if (high - low > _MARGIN_MM).all() else (lowest, highest)


def _cut(
    plane: _Plane, box: tuple[Point, Point], fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform
) -> _Cut:
    low, high = box
    across, down = np.array(plane.across, np.float64), np.array(plane.down, np.float64)
    columns, rows = (max(2, round(abs(float((high - low) @ way)) / _PIXEL_MM)) for way in (across, down))
    grid = Grid(
        size_xyz=(columns, rows, 1),
        spacing_mm=(_PIXEL_MM, _PIXEL_MM, _PIXEL_MM),
        origin_mm=(0.0, 0.0, 0.0),
        direction=tuple(np.stack([across, down, np.cross(across, down)], axis=1).ravel().tolist()),
    )
    x, y, z = ((low + high) / 2 - grid.corners_mm().mean(axis=0)).tolist()
    grid = replace(grid, origin_mm=(x, y, z))
    there = sitk.Image(moving.GetSize(), sitk.sitkUInt8) + 1
    there.CopyInformation(moving)
    return _Cut(
        name=plane.name,
        fixed=_slice(fixed, grid),
        moving=_slice(moving, grid, transform),
        is_met=_slice(there, grid, transform) > 0,
    )


def _slice(image: sitk.Image, grid: Grid, transform: sitk.Transform | None = None) -> FloatArray:
    found: FloatArray = array_of(resample_image(image, grid, transform=transform))[0].astype(np.float32)
    return found


def _equalised(slices: Sequence[FloatArray], counted: Sequence[npt.NDArray[np.bool_]]) -> list[FloatArray]:
    """Return each value as the fraction of smaller ones, 0 to 1, so that two modalities become alike in contrast.

    Only the pixels that both images reach are counted; without any, all are.
    """
    both = np.concatenate([values[where] for values, where in zip(slices, counted, strict=True)])
    values = both if both.size else np.concatenate([found.ravel() for found in slices])
    steps, first = np.unique(np.sort(values), return_index=True)
    fractions = first / max(1, values.size - 1)
    return [np.interp(found, steps, fractions).astype(np.float32) for found in slices]


def _tiled(grey: FloatArray, amber: FloatArray, is_met: npt.NDArray[np.bool_]) -> FloatArray:
    """Return the checkerboard (row, column, colour), 0 to 1."""
    side = round(_TILE_MM / _PIXEL_MM)
    rows, columns = np.indices(grey.shape) // side
    is_moving = ((rows + columns) % 2 == 1) & is_met
    brightness = np.where(is_moving, amber, np.where(is_met, grey, grey * _BEYOND))
    tint = np.where(is_moving[..., np.newaxis], np.array(MOVING_TINT), 1.0)
    coloured: FloatArray = (brightness[..., np.newaxis] * tint).astype(np.float32)
    return coloured
