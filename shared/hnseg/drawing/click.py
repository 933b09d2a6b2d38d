"""Picture of a click: the label map before and after it, in the axial and the coronal slice through the click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.colours import colours_of
from hnseg.drawing.overlay import as_png, composed, window_of
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.turn import Turn
from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import Click

_FIELD_MM = 120.0  # width and height of what is shown, where the scan is that large
_SIDE = 328  # pixels of a panel


@dataclass(frozen=True)
class _Plane:
    """Plane through a click: slices of turned arrays, the click's place in them, and the spacing.

    Attributes:
        where: Index of the plane's part that is shown in turned arrays (z, y, x).
        mark: Column and row of the click in it.
        spacing_mm: Distance of two columns, and of two rows.
    """

    where: tuple[Any, ...]
    mark: tuple[float, float]
    spacing_mm: tuple[float, float]

    def panel(
        self,
        scan: npt.NDArray[Any],
        labels: npt.NDArray[np.uint8],
        window: tuple[float, float],
        colours: Mapping[int, str],
    ) -> Image.Image:
        """Draw the plane of a scan with the outlines of a label map, and a cross at the click."""
        cut = Cut(scan[self.where], labels[self.where], None, self.spacing_mm, mark=self.mark)
        return draw_panel(cut, window, colours, side=_SIDE)


def draw_click(
    scan: sitk.Image, before: sitk.Image, after: sitk.Image, labels: Mapping[int, str], click: Click
) -> bytes:
    """Draw what a click changed, in the radiological view: four panels side by side as a PNG.

    Args:
        scan: Intensities, 3-D.
        before: Label map before the click, on the scan's grid.
        after: Label map after it.
        labels: Values to draw, with their names.
        click: Click, in the scan.
    """
    turn, window, colours = Turn.of(scan), window_of(scan), colours_of(labels)
    index = _turned_index(turn, scan, click)
    volumes = [turn.view_of(each) for each in (scan, before, after)]
    planes = _planes(index, volumes[0].shape, turn.spacing_of(scan))
    panels = [
        (f"{view}, {time}", plane.panel(volumes[0], map_, window, colours))
        for view, plane in zip(("axial", "coronal"), planes, strict=True)
        for time, map_ in zip(("before", "after"), volumes[1:], strict=True)
    ]
    return as_png(composed(panels, len(panels)))


def _turned_index(turn: Turn, scan: sitk.Image, click: Click) -> tuple[int, int, int]:
    """Return the voxel (x, y, z) of a click in the turned scan."""
    grid = Grid.of(scan)
    own = np.rint(grid.index_xyz(np.array([click.point_mm])))[0].astype(int)
    own = np.clip(own, 0, np.array(grid.size_xyz) - 1)
    x, y, z = (
        int(grid.size_xyz[axis] - 1 - own[axis] if against else own[axis])
        for axis, against in zip(turn.axes, turn.is_reversed, strict=True)
    )
    return x, y, z


def _planes(
    index_xyz: tuple[int, int, int], shape_zyx: tuple[int, ...], spacing_mm: tuple[float, float, float]
) -> tuple[_Plane, _Plane]:
    """Return the axial and the coronal plane through a voxel, the latter with the head above."""
    (x, y, z), (sx, sy, sz) = index_xyz, spacing_mm
    depth, height, width = shape_zyx
    columns, rows, slices = _span(x, width, sx), _span(y, height, sy), _span(z, depth, sz)
    upwards = slice(slices.stop - 1, slices.start - 1 if slices.start else None, -1)
    return (
        _Plane((z, rows, columns), (x - columns.start, y - rows.start), (sx, sy)),
        _Plane((upwards, y, columns), (x - columns.start, slices.stop - 1 - z), (sx, sz)),
    )


def _span(at: int, size: int, mm: float) -> slice:
    """Return the part of an axis that is shown, around a voxel and inside the scan."""
    length = min(size, round(_FIELD_MM / mm))
    first = min(max(at - length // 2, 0), size - length)
    return slice(first, first + length)
