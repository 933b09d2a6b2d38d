"""Pictures of a case: slices of the scan, the reference as filled areas, and the output as outlines over them.

Above are axial slices around what is segmented; where there is a PET, the same with its uptake in colour; below three
planes of the whole body. All are cropped to the body.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from hnseg.drawing.colour_scale import WIDTH, draw_ticked_bar
from hnseg.drawing.colours import colours_of
from hnseg.drawing.crop import CropRecord
from hnseg.drawing.framing.body_box import SOFT_TISSUE_HU, body_box_of
from hnseg.drawing.framing.planes import planes_through
from hnseg.drawing.framing.slices import PANELS_A_ROW, ChosenSlice, Frame, Labels, Mask, choose_slices, frame_around
from hnseg.drawing.panel import Cut, Rectangle, draw_panel, is_rectangle_seen
from hnseg.drawing.pet_layer import PetLayer, PetScale
from hnseg.drawing.turn import Turn
from hnseg.imaging.box import Box
from hnseg.imaging.hounsfield import looks_like_hounsfield

THUMBNAIL_SIDE = 120
"""Width and height of a thumbnail, in pixels."""

SIDE = 328
"""Width and height of a panel, in pixels."""
UPTAKE_FULL_AT = 0.6
"""Part of a PET's scale from which its colours are nearly opaque; below, the CT is seen through them."""
_TITLE, _GAP = 24, 3  # pixels of the title above a panel, and between two panels
_FONT_SIZE = 13
_SLAB_MM = 10.0
_SAMPLE = 2_000_000  # voxels of which the window is found
_COMPRESSION = 1  # of the PNG: written three times as fast as with the default, and somewhat larger

Panels = Sequence[tuple[str, Image.Image]]


@dataclass(frozen=True)
class Picture:
    """Picture of a case.

    Attributes:
        png: Slices as a PNG.
        thumbnail: The slice with most to see as a small PNG, without a title.
        labels: Labels that occur in the slices, sorted.
        crop: Crop whose box is seen; None without one, and where it lies beyond the body on all sides.
        pet_scale: Scale of the PET's colours; None without a PET.
    """

    png: bytes
    thumbnail: bytes
    labels: tuple[int, ...]
    crop: CropRecord | None = None
    pet_scale: PetScale | None = None


@dataclass(frozen=True)
class _Volumes:
    """Volumes that are drawn, LPS: views (z, y, x), indices and spacing (x, y, z).

    Attributes:
        scan: Intensities.
        window: Values that become black and white.
        found: Label map of the output.
        wanted: Label map of the reference; without slices where there is none.
        uptake: PET from 0 to 1, the top of its scale; None without a PET.
        spacing_mm: Voxel spacing of all of them.
        colours: Colours by label.
        body: Box of the body, in which all that is segmented lies.
        box: Box of the crop; None without one.
    """

    scan: npt.NDArray[Any]
    window: tuple[float, float]
    found: Labels
    wanted: Labels
    uptake: npt.NDArray[np.float32] | None
    spacing_mm: tuple[float, float, float]
    colours: Mapping[int, str]
    body: Box
    box: Box | None

    def cut(self, where: tuple[Any, ...], spacing_mm: tuple[float, float], crop: Rectangle | None = None) -> Cut:
        """Return a cut of the scan with output and reference; `where` is an index of arrays (z, y, x)."""
        wanted = self.wanted[where] if len(self.wanted) else None
        return Cut(self.scan[where], self.found[where], wanted, spacing_mm, crop=crop)

    def fused(self, cut: Cut, where: tuple[Any, ...]) -> Cut:
        """Return a cut with the PET in place of the reference; as it is without a PET."""
        if self.uptake is None:
            return cut
        return replace(cut, wanted=None, heat=self.uptake[where], heat_is_full_at=UPTAKE_FULL_AT, has_dark_rims=True)

    def draw(self, cut: Cut, *, side: int = SIDE) -> Image.Image:
        """Draw a cut."""
        return draw_panel(cut, self.window, self.colours, side=side)


def draw_case(
    scan: sitk.Image,
    label_map: sitk.Image,
    reference: sitk.Image | None,
    labels: Mapping[int, str],
    *,
    crop: CropRecord | None = None,
    pet: PetLayer | None = None,
) -> Picture:
    """Draw a case in the radiological view: the patient's right is on the left.

    Up to three axial slices, six where there are more labels than seven; with a PET the same with its uptake, and the
    bar of its numbers; and an axial, a coronal and a sagittal plane, in which a crop is a dashed rectangle.

    Args:
        scan: Intensities, 3-D.
        label_map: Label map of the output, on the scan's grid.
        reference: Label map of the reference, on the same grid; None where there is none.
        labels: Values to draw, with their names.
        crop: Crop inside the scan; None where there is none.
        pet: PET on the scan's grid; None where there is none.
    """
    volumes = _volumes(scan, label_map, reference, labels, crop, pet)
    chosen, fullest = choose_slices(volumes.found, volumes.wanted, labels)
    frame = frame_around(np.logical_or.reduce(_shown(volumes), axis=0), volumes.spacing_mm, volumes.body)
    plain, fused = _slices(volumes, chosen, frame)
    planes, is_crop_seen = _planes(volumes, fullest)
    rows = [composed(panels, PANELS_A_ROW) for panels in (plain, fused, planes) if panels]
    picture = stacked(rows)
    if pet is not None:
        picture = with_bar(picture, pet.scale, row=rows[0].height // (_TITLE + SIDE))
    small = volumes.draw(_axial(volumes, fullest, frame)[0], side=THUMBNAIL_SIDE)
    return Picture(
        as_png(picture),
        as_png(small),
        _labels_shown(volumes, chosen, labels),
        crop if is_crop_seen else None,
        pet.scale if pet is not None else None,
    )


def _volumes(
    scan: sitk.Image,
    label_map: sitk.Image,
    reference: sitk.Image | None,
    labels: Mapping[int, str],
    crop: CropRecord | None,
    pet: PetLayer | None,
) -> _Volumes:
    turn, window = Turn.of(scan), window_of(scan)
    found: Labels = turn.view_of(label_map)
    wanted: Labels = found[:0] if reference is None else turn.view_of(reference)
    turned, spacing_mm = turn.view_of(scan), turn.spacing_of(scan)
    return _Volumes(
        scan=turned,
        window=window,
        found=found,
        wanted=wanted,
        uptake=None if pet is None else pet.uptake(turn),
        spacing_mm=spacing_mm,
        colours=colours_of(labels),
        body=body_box_of(turned, spacing_mm, window, _either(found, wanted)),
        box=None if crop is None else turn.box_in(scan, crop.box),
    )


def window_of(scan: sitk.Image) -> tuple[float, float]:
    """Return the values that become black and white: soft tissue of a CT, percentiles 1 and 99 of other images.

    Of a large image, a regular sample of its voxels is asked.
    """
    step = max(1, round((np.prod(scan.GetSize()) / _SAMPLE) ** (1 / 3)))
    sample = scan[::step, ::step, ::step] if step > 1 else scan
    if looks_like_hounsfield(sample):
        return SOFT_TISSUE_HU
    low, high = np.percentile(sitk.GetArrayViewFromImage(sample), (1, 99))
    return float(low), max(float(high), float(low) + 1)


def _shown(volumes: _Volumes) -> Mask:
    """Return the mask of what is segmented in output or reference, (z, y, x)."""
    return _either(volumes.found, volumes.wanted)


def _either(found: Labels, wanted: Labels) -> Mask:
    shown: Mask = found > 0
    return shown | (wanted > 0) if len(wanted) else shown


def _slices(volumes: _Volumes, chosen: Sequence[ChosenSlice], frame: Frame) -> tuple[Panels, Panels]:
    """Return the panels of the chosen slices; and the same with the PET, none without one."""
    cuts = [(panel.title, *_axial(volumes, panel.z, frame)) for panel in chosen]
    plain = [(title, volumes.draw(cut)) for title, cut, _ in cuts]
    if volumes.uptake is None:
        return plain, ()
    return plain, [("with the PET", volumes.draw(volumes.fused(cut, where))) for _, cut, where in cuts]


def _axial(volumes: _Volumes, z: int, frame: Frame) -> tuple[Cut, tuple[Any, ...]]:
    """Return the frame's part of an axial slice, and its index."""
    where = (z, *frame.slices)
    return volumes.cut(where, (volumes.spacing_mm[0], volumes.spacing_mm[1])), where


def _slab(z: int, volumes: _Volumes) -> slice:
    """Return the slices around one, in which the body of an axial plane is found."""
    reach = max(2, round(_SLAB_MM / volumes.spacing_mm[2]))
    return slice(max(0, z - reach), z + reach + 1)


def _planes(volumes: _Volumes, z: int) -> tuple[Panels, bool]:
    """Return the panels of three planes of the body, with the PET where there is one, and whether the crop is seen."""
    panels, is_crop_seen = [], False
    shown = _shown(volumes)
    span = _slab(z, volumes)
    across = body_box_of(volumes.scan[span], volumes.spacing_mm, volumes.window, shown[span])
    for plane in planes_through(shown, volumes.spacing_mm, volumes.body, volumes.box, z=z, across=across):
        cut = volumes.fused(volumes.cut(plane.where, plane.spacing_mm, plane.crop), plane.where)
        is_crop_seen |= plane.crop is not None and is_rectangle_seen(plane.crop, cut.scan.shape)
        panels.append((plane.title, volumes.draw(cut)))
    return panels, is_crop_seen


def composed(panels: Panels, a_row: int) -> Image.Image:
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


def stacked(rows: Sequence[Image.Image]) -> Image.Image:
    """Return rows of panels below each other."""
    picture = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)))
    top = 0
    for row in rows:
        picture.paste(row, (0, top))
        top += row.height
    return picture


def with_bar(picture: Image.Image, scale: PetScale, *, row: int) -> Image.Image:
    """Return a picture with the bar of a PET's colours at the right of a row of panels, counted from 0."""
    over = ">" if scale.is_exceeded else ""
    ticks = {number / scale.top: f"{over if number == scale.top else ''}{number:g}" for number in scale.ticks}
    wider = Image.new("RGB", (picture.width + WIDTH, picture.height))
    wider.paste(picture, (0, 0))
    wider.paste(draw_ticked_bar(_TITLE + SIDE, ticks, unit=scale.unit), (picture.width, row * (_TITLE + SIDE)))
    return wider


def _labels_shown(volumes: _Volumes, chosen: Sequence[ChosenSlice], labels: Mapping[int, str]) -> tuple[int, ...]:
    drawn = [volume[panel.z] for panel in chosen for volume in (volumes.found, volumes.wanted) if len(volume)]
    return tuple(sorted({int(label) for plane in drawn for label in np.unique(plane)} & set(labels)))


def as_png(image: Image.Image) -> bytes:
    """Return a picture as a PNG."""
    content = io.BytesIO()
    image.save(content, format="png", compress_level=_COMPRESSION)
    return content.getvalue()
