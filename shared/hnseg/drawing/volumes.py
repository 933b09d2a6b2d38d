"""Picture of predicted volumes: the reference as a filled area, what each method predicts as an outline over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.colours import FEW
from hnseg.drawing.overlay import SIDE, as_png, composed, window_of
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.slices import frame_around
from hnseg.drawing.turn import Turn

REFERENCE_COLOUR = FEW[0]
"""Colour of the reference."""

Volume = npt.NDArray[Any]


@dataclass(frozen=True)
class _Masks:
    """Masks of a case, turned to LPS: (z, y, x), uint8, each of its own value.

    Attributes:
        reference: Reference, 1 where it is.
        predicted: What each method predicts, 2, 3 and so on.
        spacing_mm: Voxel spacing, (x, y, z).
    """

    reference: Volume
    predicted: tuple[Volume, ...]
    spacing_mm: tuple[float, float, float]


_METHOD_COLOURS = tuple(colour for colour in FEW if colour not in {REFERENCE_COLOUR, "#f0e442"})  # yellow on white


def method_colours(methods: Sequence[str]) -> dict[str, str]:
    """Return the colour of each method's outline, #rrggbb, the same in pictures and legends."""
    return {name: _METHOD_COLOURS[place % len(_METHOD_COLOURS)] for place, name in enumerate(methods)}


def draw_volumes(reference: sitk.Image, predicted: Mapping[str, sitk.Image], scans: Mapping[str, sitk.Image]) -> bytes:
    """Draw the axial slice with most of the reference, and the coronal one, in the radiological view, as a PNG.

    Where the reference is empty, the slices are those with most of all predictions together, or the middle ones.

    Args:
        reference: Label map, any value above 0 of which is drawn.
        predicted: Label map of each method on the same grid, any value above 0 of which is drawn.
        scans: Scans on the same grid by title, such as CT and PET, each of which is the background once; without any,
            the background is black.
    """
    turn = Turn.of(reference)
    masks = _Masks(
        (turn.view_of(reference) > 0).astype(np.uint8),
        tuple(
            np.where(turn.view_of(label_map) > 0, value, 0).astype(np.uint8)
            for value, label_map in enumerate(predicted.values(), 2)
        ),
        turn.spacing_of(reference),
    )
    colours = {1: REFERENCE_COLOUR, **dict(enumerate(method_colours(list(predicted)).values(), 2))}
    panels: list[tuple[str, Image.Image]] = []
    for title, scan in scans.items():
        panels += _panels(masks, turn.view_of(scan), window_of(scan), colours, title=f"{title}, ")
    if not scans:
        panels += _panels(masks, np.zeros_like(masks.reference), (0.0, 1.0), colours, title="")
    return as_png(composed(panels, len(panels)))


def _panels(
    masks: _Masks, scan: Volume, window: tuple[float, float], colours: Mapping[int, str], *, title: str
) -> list[tuple[str, Image.Image]]:
    """Return the axial and the coronal panel of one scan, with titles."""
    shown = masks.reference if masks.reference.any() else np.maximum.reduce([masks.reference, *masks.predicted])
    z, y = (_fullest(shown, axis) for axis in (0, 1))
    depth, height, _ = shown.shape
    x_mm, y_mm, z_mm = masks.spacing_mm
    axial = _cut(masks, scan, (z,), (x_mm, y_mm))
    coronal = _cut(masks, scan, (slice(None, None, -1), y), (x_mm, z_mm))
    return [
        (f"{title}axial slice {z + 1} of {depth}", draw_panel(axial, window, colours, side=SIDE)),
        (f"{title}coronal slice {y + 1} of {height}", draw_panel(coronal, window, colours, side=SIDE)),
    ]


def _fullest(mask: Volume, axis: int) -> int:
    """Return the index along an axis with most voxels; the middle of an empty mask."""
    if not mask.any():
        return int(mask.shape[axis]) // 2
    counts: Volume = mask.astype(bool).sum(axis=tuple({0, 1, 2} - {axis}))
    return int(np.argmax(counts))


def _cut(masks: _Masks, scan: Volume, plane: tuple[Any, ...], spacing_mm: tuple[float, float]) -> Cut:
    """Return the part of a plane around everything that is drawn in it."""
    reference, predicted = masks.reference[plane], tuple(mask[plane] for mask in masks.predicted)
    frame = frame_around(np.logical_or.reduce([reference, *predicted]), (*spacing_mm, 1.0), None)
    where = frame.slices
    first, *further = (mask[where] for mask in predicted)
    return Cut(scan[plane][where], first, reference[where], spacing_mm, further=tuple(further))
