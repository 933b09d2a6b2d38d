"""Panel of a picture: one slice of the scan, the reference as filled areas, and the output as outlines over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw

from hnseg.drawing.colour_scale import coloured

Rectangle = tuple[int, int, int, int]
"""Rectangle in a slice: left, top, width and height, in voxels."""

_FILLED = 0.45  # opacity of the reference
_HEATED = 0.85  # largest opacity of a map
_WHITE = (255, 255, 255)
_MARGIN = 3  # pixels around a structure in which its outline is drawn
_DASH, _GAP = 6, 4  # pixels of a dashed line
_OPEN, _ARM = 4, 11  # pixels from the middle of a cross to the beginning and the end of its arms

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Part = tuple[slice, slice]


@dataclass(frozen=True)
class Cut:
    """Cut through a case, arrays (row, column).

    Attributes:
        scan: Intensities.
        found: Labels of the output.
        wanted: Labels of the reference; None where there is none.
        spacing_mm: Distance of two columns, and of two rows.
        crop: Rectangle to draw dashed; None for none.
        heat: Map from 0 to 1 to lay over it in the colours of `hnseg.drawing.colour_scale`; None for none.
        heat_is_full_at: Value of the map from which its colours are nearly opaque; at 0 they are clear.
        has_dark_rims: Whether outlines have a dark rim on both sides, by which they stand out from a map's colours.
        mark: Column and row of a voxel to draw a cross around; None for none.
        further: Further labels to outline, which may overlap those of the output and each other.
    """

    scan: npt.NDArray[Any]
    found: npt.NDArray[np.uint8]
    wanted: npt.NDArray[np.uint8] | None
    spacing_mm: tuple[float, float]
    crop: Rectangle | None = None
    heat: npt.NDArray[Any] | None = None
    heat_is_full_at: float = 1 / 3
    has_dark_rims: bool = False
    mark: tuple[float, float] | None = None
    further: tuple[npt.NDArray[np.uint8], ...] = ()


def draw_panel(cut: Cut, window: tuple[float, float], colours: Mapping[int, str], *, side: int) -> Image.Image:
    """Draw a cut as large as fits into a black square.

    Args:
        cut: Part of a slice that is shown, in the radiological view.
        window: Values that become black and white.
        colours: Colours by label, #rrggbb.
        side: Width and height of the square in pixels.
    """
    size = _size_in(cut, side)
    pixels = np.repeat(_grey(cut.scan, window, size)[..., np.newaxis], 3, axis=2)
    if cut.wanted is not None:
        _fill(pixels, cut.wanted, colours)
    if cut.heat is not None:
        _lay_over(pixels, cut.heat, cut.heat_is_full_at)
    for labels in (cut.found, *cut.further):
        if cut.has_dark_rims:
            _outline(pixels, labels, dict.fromkeys(colours, "#000000"), rim=1)
        _outline(pixels, labels, colours)
    image = Image.fromarray(pixels.round().astype(np.uint8))
    if cut.crop is not None:
        _draw_dashed(image, cut.crop, (size[0] / cut.scan.shape[1], size[1] / cut.scan.shape[0]))
    if cut.mark is not None:
        _draw_cross(image, cut.mark, (size[0] / cut.scan.shape[1], size[1] / cut.scan.shape[0]))
    panel = Image.new("RGB", (side, side))
    panel.paste(image, ((side - size[0]) // 2, (side - size[1]) // 2))
    return panel


def _size_in(cut: Cut, side: int) -> tuple[int, int]:
    """Return width and height in pixels, in the proportions of the patient."""
    rows, columns = cut.scan.shape
    width_mm, height_mm = columns * cut.spacing_mm[0], rows * cut.spacing_mm[1]
    scale = side / max(width_mm, height_mm)
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _grey(scan: npt.NDArray[Any], window: tuple[float, float], size: tuple[int, int]) -> Pixels:
    low, high = window
    brightness = np.clip((scan.astype(np.float32) - low) * (255 / (high - low)), 0, 255)
    return np.asarray(Image.fromarray(brightness.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR), np.float32)


def _fill(pixels: Pixels, labels: npt.NDArray[np.uint8], colours: Mapping[int, str]) -> None:
    """Lay the colour of each label thinly over its area."""
    size = (pixels.shape[1], pixels.shape[0])
    enlarged = np.asarray(Image.fromarray(np.ascontiguousarray(labels)).resize(size, Image.Resampling.NEAREST))
    for label in _present(labels, colours):
        where = enlarged == label
        pixels[where] = pixels[where] * (1 - _FILLED) + _rgb(colours[label]) * _FILLED


def _lay_over(pixels: Pixels, heat: npt.NDArray[Any], full_at: float) -> None:
    """Lay the colours of a map over the pixels: clear at 0, and nearly opaque from a value on."""
    size = (pixels.shape[1], pixels.shape[0])
    enlarged = np.asarray(Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
    opacity = np.clip(enlarged / full_at, 0, 1)[..., np.newaxis] * _HEATED
    pixels[...] = pixels * (1 - opacity) + coloured(enlarged) * opacity


def _outline(pixels: Pixels, labels: npt.NDArray[np.uint8], colours: Mapping[int, str], *, rim: int = 0) -> None:
    """Draw the outline of each label, two pixels wide and a rim on both sides."""
    for label in _present(labels, colours):
        mask = labels == label
        part = _pixels_around(mask, pixels)
        area = _smooth_area(mask, pixels, part)
        outer, inner = _dilated(area), _eroded(area)
        for _ in range(rim):
            outer, inner = _dilated(outer), _eroded(inner)
        pixels[part][outer & ~inner] = _rgb(colours[label])


def _present(labels: npt.NDArray[np.uint8], colours: Mapping[int, str]) -> list[int]:
    counts = np.bincount(labels.ravel(), minlength=256)
    return [label for label in colours if counts[label]]


def _pixels_around(mask: Mask, pixels: Pixels) -> Part:
    """Return the part of the pixels that a mask covers, with a margin: small structures are drawn in less time."""
    spans = []
    for axis in (0, 1):
        where, scale = np.flatnonzero(mask.any(axis=1 - axis)), pixels.shape[axis] / mask.shape[axis]
        first, end = int(where[0] * scale) - _MARGIN, int((where[-1] + 1) * scale) + _MARGIN + 1
        spans.append(slice(max(0, first), min(pixels.shape[axis], end)))
    return spans[0], spans[1]


def _smooth_area(mask: Mask, pixels: Pixels, part: Part) -> Mask:
    """Return a mask at the size of a part of the pixels, with round corners; what would vanish there is kept."""
    rows, columns = part
    down, across = mask.shape[0] / pixels.shape[0], mask.shape[1] / pixels.shape[1]
    covered = np.asarray(
        Image.fromarray(mask.astype(np.uint8) * 255).resize(
            (columns.stop - columns.start, rows.stop - rows.start),
            Image.Resampling.BILINEAR,
            box=(columns.start * across, rows.start * down, columns.stop * across, rows.stop * down),
        )
    )
    half = covered >= 128
    area: Mask = half if half.any() else covered > 0
    return area


def _eroded(area: Mask) -> Mask:
    """Return a mask without its edge, which the border of the picture is not."""
    padded = np.pad(area, 1, mode="edge")
    inner: Mask = area & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inner


def _dilated(area: Mask) -> Mask:
    padded = np.pad(area, 1)
    outer: Mask = area | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return outer


def _rgb(colour: str) -> Pixels:
    return np.array(ImageColor.getrgb(colour), np.float32)


def _draw_cross(image: Image.Image, mark: tuple[float, float], scale: tuple[float, float]) -> None:
    """Draw a cross around a voxel, open in its middle, so that the voxel itself is seen."""
    x, y = ((at + 0.5) * each for at, each in zip(mark, scale, strict=True))
    draw = ImageDraw.Draw(image)
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ends = (x + dx * _OPEN, y + dy * _OPEN, x + dx * _ARM, y + dy * _ARM)
        draw.line(ends, fill=_WHITE, width=2)


def is_rectangle_seen(rectangle: Rectangle, shape: tuple[int, ...]) -> bool:
    """Return whether an edge of a rectangle lies in a cut of so many rows and columns, and so is drawn."""
    left, top, width, height = rectangle
    rows, columns = shape
    is_met = left < columns and top < rows and left + width > 0 and top + height > 0
    return is_met and (left >= 0 or top >= 0 or left + width <= columns or top + height <= rows)


def _draw_dashed(image: Image.Image, rectangle: Rectangle, scale: tuple[float, float]) -> None:
    """Draw a dashed rectangle; edges on the border of the image lie just inside, and those beyond it are left out."""
    left, top, width, height = rectangle
    xs = [round(x * scale[0]) for x in (left, left + width)]
    ys = [round(y * scale[1]) for y in (top, top + height)]
    draw = ImageDraw.Draw(image)
    for y in _inside(ys, image.height):
        for first, last in _dashes(xs[0], xs[1], image.width - 1):
            draw.line((first, y, last, y), fill=_WHITE)
    for x in _inside(xs, image.width):
        for first, last in _dashes(ys[0], ys[1], image.height - 1):
            draw.line((x, first, x, last), fill=_WHITE)


def _inside(edges: Sequence[int], size: int) -> list[int]:
    """Return those edges that lie in an image of a size, one on its far border just inside."""
    return [min(edge, size - 1) for edge in edges if 0 <= edge <= size]


def _dashes(first: int, last: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield both ends of each dash of an edge, as far as it lies from 0 to the most."""
    first, last = max(first, 0), min(last, most)
    for start in range(first, last, _DASH + _GAP):
        yield start, min(start + _DASH, last)
