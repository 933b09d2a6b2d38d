"""Pictures of a case: slices of the scan, the reference as filled areas, and the output as outlines over them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from hnseg.drawing.colours import colours_of
from hnseg.drawing.crop import CropRecord
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.slices import PANELS_A_ROW, ChosenSlice, Frame, Labels, choose_slices, frame_around
from hnseg.drawing.turn import Turn
from hnseg.imaging.box import Box
from hnseg.imaging.hounsfield import looks_like_hounsfield

THUMBNAIL_SIDE = 120
"""Width and height of a thumbnail, in pixels."""

SIDE = 328
"""Width and height of a panel, in pixels."""
_TITLE, _GAP = 24, 3  # pixels of the title above a panel, and between two panels
_FONT_SIZE = 13
_SOFT_TISSUE_HU = (-160.0, 350.0)
_SAMPLE = 2_000_000  # voxels of which the window is found
_COMPRESSION = 1  # of the PNG: written three times as fast as with the default, and somewhat larger


@dataclass(frozen=True)
class Picture:
    """Picture of a case.

    Attributes:
        png: Slices as a PNG.
        thumbnail: The slice with most to see as a small PNG, without a title.
        labels: Labels that occur in the slices, sorted.
        crop: Crop whose box is drawn; None without one.
    """

    png: bytes
    thumbnail: bytes
    labels: tuple[int, ...]
    crop: CropRecord | None = None


@dataclass(frozen=True)
class _Volumes:
    """Volumes that are drawn, LPS: views (z, y, x), indices and spacing (x, y, z).

    Attributes:
        scan: Intensities.
        window: Values that become black and white.
        found: Label map of the output.
        wanted: Label map of the reference; without slices where there is none.
        spacing_mm: Voxel spacing of all of them.
        colours: Colours by label.
        box: Box of the crop; None without one.
    """

    scan: npt.NDArray[Any]
    window: tuple[float, float]
    found: Labels
    wanted: Labels
    spacing_mm: tuple[float, float, float]
    colours: Mapping[int, str]
    box: Box | None


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
    chosen, fullest = choose_slices(volumes.found, volumes.wanted, labels)
    frame = frame_around(_columns_shown(volumes), volumes.spacing_mm, volumes.box)
    cuts = [(panel.title, _axial(volumes, panel.z, frame)) for panel in chosen]
    a_row = PANELS_A_ROW
    if volumes.box is not None:
        cuts.append(("coronal: the crop", _coronal(volumes, volumes.box)))
        a_row += 1
    panels = [(title, draw_panel(cut, volumes.window, volumes.colours, side=SIDE)) for title, cut in cuts]
    small = draw_panel(_axial(volumes, fullest, frame), volumes.window, volumes.colours, side=THUMBNAIL_SIDE)
    return Picture(as_png(composed(panels, a_row)), as_png(small), _labels_shown(volumes, chosen, labels), crop)


def _volumes(
    scan: sitk.Image,
    label_map: sitk.Image,
    reference: sitk.Image | None,
    labels: Mapping[int, str],
    crop: CropRecord | None,
) -> _Volumes:
    turn = Turn.of(scan)
    found: Labels = turn.view_of(label_map)
    return _Volumes(
        scan=turn.view_of(scan),
        window=window_of(scan),
        found=found,
        wanted=found[:0] if reference is None else turn.view_of(reference),
        spacing_mm=turn.spacing_of(scan),
        colours=colours_of(labels),
        box=None if crop is None else turn.box_in(scan, crop.box),
    )


def window_of(scan: sitk.Image) -> tuple[float, float]:
    """Return the values that become black and white: soft tissue of a CT, percentiles 1 and 99 of other images.

    Of a large image, a regular sample of its voxels is asked.
    """
    step = max(1, round((np.prod(scan.GetSize()) / _SAMPLE) ** (1 / 3)))
    sample = scan[::step, ::step, ::step] if step > 1 else scan
    if looks_like_hounsfield(sample):
        return _SOFT_TISSUE_HU
    low, high = np.percentile(sitk.GetArrayViewFromImage(sample), (1, 99))
    return float(low), max(float(high), float(low) + 1)


def _columns_shown(volumes: _Volumes) -> npt.NDArray[np.bool_]:
    """Return the mask of the columns of voxels with something segmented, (y, x)."""
    shown: npt.NDArray[np.bool_] = np.logical_or(volumes.found.any(axis=0), volumes.wanted.any(axis=0))
    return shown


def _axial(volumes: _Volumes, z: int, frame: Frame) -> Cut:
    """Return the frame's part of an axial slice."""
    where = (z, *frame.slices)
    box = volumes.box
    crop = None
    if box is not None and box.index_xyz[2] <= z <= box.last_xyz[2]:
        crop = (box.index_xyz[0] - frame.left, box.index_xyz[1] - frame.top, box.size_xyz[0], box.size_xyz[1])
    return Cut(
        scan=volumes.scan[where],
        found=volumes.found[where],
        wanted=volumes.wanted[where] if len(volumes.wanted) else None,
        spacing_mm=(volumes.spacing_mm[0], volumes.spacing_mm[1]),
        crop=crop,
    )


def _coronal(volumes: _Volumes, box: Box) -> Cut:
    """Return the whole scan from the front: in the plane with most segmented voxels, or through the box's middle."""
    areas = (volumes.found > 0).sum(axis=(0, 2))
    y = int(areas.argmax()) if areas.any() else (box.index_xyz[1] + box.last_xyz[1]) // 2
    head_above = (slice(None, None, -1), y)
    return Cut(
        scan=volumes.scan[head_above],
        found=volumes.found[head_above],
        wanted=volumes.wanted[head_above] if len(volumes.wanted) else None,
        spacing_mm=(volumes.spacing_mm[0], volumes.spacing_mm[2]),
        crop=(box.index_xyz[0], len(volumes.scan) - 1 - box.last_xyz[2], box.size_xyz[0], box.size_xyz[2]),
    )


def composed(panels: Sequence[tuple[str, Image.Image]], a_row: int) -> Image.Image:
    """Return the panels in rows, each below its title."""
    columns, rows = min(len(panels), a_row), -(-len(panels) // a_row)
    picture = Image.new("RGB", (columns * (SIDE + _GAP) + _GAP, rows * (_TITLE + SIDE) + _GAP))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_FONT_SIZE)
    for place, (title, panel) in enumerate(panels):
        row, column = divmod(place, a_row)
        left, top = _GAP + column * (SIDE + _GAP), row * (_TITLE + SIDE)
        picture.paste(panel, (left, top + _TITLE))
        draw.text((left + SIDE / 2, top + _TITLE / 2), title, fill="white", font=font, anchor="mm")
    return picture


def _labels_shown(volumes: _Volumes, chosen: Sequence[ChosenSlice], labels: Mapping[int, str]) -> tuple[int, ...]:
    drawn = [volume[panel.z] for panel in chosen for volume in (volumes.found, volumes.wanted) if len(volume)]
    return tuple(sorted({int(label) for plane in drawn for label in np.unique(plane)} & set(labels)))


def as_png(image: Image.Image) -> bytes:
    """Return a picture as a PNG."""
    content = io.BytesIO()
    image.save(content, format="png", compress_level=_COMPRESSION)
    return content.getvalue()
