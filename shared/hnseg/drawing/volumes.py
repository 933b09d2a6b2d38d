"""Picture of predicted volumes: the reference as a filled area, what each method predicts as an outline over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.drawing.colours import FEW
from hnseg.drawing.framing.body_box import body_box_of
from hnseg.drawing.framing.slices import frame_around
from hnseg.drawing.overlay import SIDE, UPTAKE_FULL_AT, as_png, composed, window_of, with_bar
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.pet_layer import PetLayer
from hnseg.drawing.turn import Turn
from hnseg.imaging.box import Box

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


def draw_volumes(
    reference: sitk.Image, predicted: Mapping[str, sitk.Image], scan: sitk.Image | None, pet: PetLayer | None
) -> bytes:
    """Draw the axial slice with most of the reference, and the coronal one, in the radiological view, as a PNG.

    With a PET both are drawn again with its uptake in colour, and without the reference's area. Where the reference is
    empty, the slices are those with most of all predictions together, or the middle ones.

    Args:
        reference: Label map, any value above 0 of which is drawn.
        predicted: Label map of each method on the same grid, any value above 0 of which is drawn.
        scan: Scan on the same grid; None for a black background.
        pet: PET on the same grid; None where there is none.
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
    background = np.zeros_like(masks.reference) if scan is None else turn.view_of(scan)
    window = (0.0, 1.0) if scan is None else window_of(scan)
    cuts = _cuts(masks, background, window)
    panels = [(title, draw_panel(cut, window, colours, side=SIDE)) for title, cut, _ in cuts]
    if pet is None:
        return as_png(composed(panels, len(panels)))
    uptake = pet.uptake(turn)
    for title, cut, where in cuts:
        fused = replace(cut, wanted=None, heat=uptake[where], heat_is_full_at=UPTAKE_FULL_AT, has_dark_rims=True)
        panels.append((f"{title}, with the PET", draw_panel(fused, window, colours, side=SIDE)))
    return as_png(with_bar(composed(panels, len(cuts)), pet.scale, row=1))


def _cuts(masks: _Masks, scan: Volume, window: tuple[float, float]) -> list[tuple[str, Cut, tuple[Any, ...]]]:
    """Return the title, the cut and the index of the axial and the coronal plane, cropped around what is drawn."""
    drawn = np.logical_or.reduce([masks.reference, *masks.predicted])
    shown = masks.reference if masks.reference.any() else drawn
    body = body_box_of(scan, masks.spacing_mm, window, drawn)
    z, y = (_fullest(shown, axis) for axis in (0, 1))
    depth, height, _ = shown.shape
    x_mm, y_mm, z_mm = masks.spacing_mm
    frame = frame_around(drawn[z], masks.spacing_mm, body)
    slices, _, columns = body.slices
    in_front = Box.of_slices((slice(0, 1), slices, columns))
    upright = frame_around(drawn[:, y], (x_mm, z_mm, y_mm), in_front)
    head_above = slice(upright.bottom, upright.top - 1 if upright.top else None, -1)
    return [
        (f"axial slice {z + 1} of {depth}", *_cut(masks, scan, (z, *frame.slices), (x_mm, y_mm))),
        (
            f"coronal slice {y + 1} of {height}",
            *_cut(masks, scan, (head_above, y, slice(upright.left, upright.right + 1)), (x_mm, z_mm)),
        ),
    ]


def _fullest(mask: Volume, axis: int) -> int:
    """Return the index along an axis with most voxels; the middle of an empty mask."""
    if not mask.any():
        return int(mask.shape[axis]) // 2
    counts: Volume = mask.astype(bool).sum(axis=tuple({0, 1, 2} - {axis}))
    return int(np.argmax(counts))


def _cut(
    masks: _Masks, scan: Volume, where: tuple[Any, ...], spacing_mm: tuple[float, float]
) -> tuple[Cut, tuple[Any, ...]]:
    """Return a part of a plane with all that is drawn in it, and its index of arrays (z, y, x)."""
    first, *further = (mask[where] for mask in masks.predicted)
    return Cut(scan[where], first, masks.reference[where], spacing_mm, further=tuple(further)), where
