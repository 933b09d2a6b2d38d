"""Picture of an entropy map: slices through the structure that the ensemble is least sure of.

Above are the slices with the outlines of the label map, below the same with the entropy laid over them in colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.colour_scale import WIDTH, draw_bar
from hnseg.drawing.colours import colours_of
from hnseg.drawing.framing.body_box import body_box_of
from hnseg.drawing.framing.slices import PANELS_A_ROW, Frame, Labels, Mask, frame_around
from hnseg.drawing.overlay import SIDE, as_png, composed, window_of
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.turn import Turn
from hnseg.imaging.geometry import Grid, resample_image

_APART = 3  # slices nearer than this show much the same
_TOP = log(4)  # nats of the lightest colour where more classes than four would allow more, which is rare
_WHITE = "#ffffff"


@dataclass(frozen=True)
class EntropyPicture:
    """Picture of an entropy map.

    Attributes:
        png: Slices as a PNG.
        structure: Name of the structure that they lead through; empty where nothing is segmented.
        labels: Labels that occur in the slices, sorted.
        caption: Sentence on what is seen.
    """

    png: bytes
    structure: str
    labels: tuple[int, ...]
    caption: str


def draw_entropy(
    scan: sitk.Image, label_map: sitk.Image, entropy: sitk.Image, labels: Mapping[int, str]
) -> EntropyPicture:
    """Draw up to three axial slices in the radiological view: the patient's right is on the left.

    Args:
        scan: Intensities, 3-D.
        label_map: Label map on the scan's grid.
        entropy: Predictive entropy in nats, on the scan's grid or a part of it; outside it counts as 0.
        labels: Values of the label map with their names.
    """
    grid = Grid.of(scan)
    whole = entropy if Grid.of(entropy) == grid else resample_image(entropy, grid)
    turn = Turn.of(scan)
    image, found, values = turn.view_of(scan), turn.view_of(label_map), turn.view_of(whole)
    label = _least_sure(found, values, labels)
    mask: Mask = found == label if label else np.ones_like(found, bool)
    window = window_of(scan)
    body = body_box_of(image, turn.spacing_of(scan), window, mask if label else np.zeros_like(mask))
    columns: Mask = np.logical_or.reduce(mask if label else np.zeros_like(mask), axis=0)
    frame = frame_around(columns, turn.spacing_of(scan), body)
    slices = _slices(mask, values)
    top = min(log(1 + len(labels)), _TOP)
    named = dict.fromkeys(labels, _WHITE)
    upper, lower = [], []
    for z in slices:
        cut = _cut(image, found, z, frame, turn.spacing_of(scan))
        title = f"slice {z + 1} of {len(found)}" + (f": {labels[label]}" if label else "")
        upper.append((title, draw_panel(cut, window, colours_of(labels), side=SIDE)))
        heat = values[_place(z, frame)] / np.float32(top)
        lower.append(("entropy", draw_panel(_heated(cut, heat), window, named, side=SIDE)))
    picture = _with_bar(composed([*upper, *lower], len(slices)), top, float(values.max()))
    shown = {int(value) for z in slices for value in np.unique(found[_place(z, frame)])}
    caption = _caption(labels.get(label, ""), float(values[mask].mean()))
    return EntropyPicture(as_png(picture), labels.get(label, ""), tuple(sorted(shown & set(labels))), caption)


def _least_sure(found: Labels, values: npt.NDArray[Any], labels: Mapping[int, str]) -> int:
    """Return the label with the largest mean entropy; 0 where nothing is segmented."""
    sums = np.bincount(found.ravel(), values.ravel(), minlength=256)
    counts = np.bincount(found.ravel(), minlength=256)
    present = [label for label in labels if counts[label]]
    return max(present, key=lambda label: sums[label] / counts[label], default=0)


def _slices(mask: Mask, values: npt.NDArray[Any]) -> list[int]:
    """Return the slices of a structure with most entropy in it, some slices apart, from below."""
    sums = np.array([plane[inside].sum() if inside.any() else -1 for inside, plane in zip(mask, values, strict=True)])
    chosen: list[int] = []
    for z in map(int, np.argsort(-sums, kind="stable")):
        if sums[z] >= 0 and all(abs(z - other) >= _APART for other in chosen):
            chosen.append(z)
    return sorted(chosen[:PANELS_A_ROW])


def _place(z: int, frame: Frame) -> tuple[int, slice, slice]:
    return z, *frame.slices


def _cut(image: npt.NDArray[Any], found: Labels, z: int, frame: Frame, spacing_mm: tuple[float, float, float]) -> Cut:
    where = _place(z, frame)
    return Cut(image[where], found[where], None, (spacing_mm[0], spacing_mm[1]))


def _heated(cut: Cut, heat: npt.NDArray[Any]) -> Cut:
    return Cut(cut.scan, cut.found, None, cut.spacing_mm, heat=heat)


def _with_bar(picture: Image.Image, top: float, largest: float) -> Image.Image:
    """Return a picture with the bar of the colours at the right of its lower half."""
    wider = Image.new("RGB", (picture.width + WIDTH, picture.height))
    wider.paste(picture, (0, 0))
    height = picture.height // 2
    wider.paste(draw_bar(height, top, largest, unit="nats"), (picture.width, picture.height - height))
    return wider


def _caption(structure: str, mean: float) -> str:
    if not structure:
        return "Predictive entropy in nats: nothing is segmented; the slices are those with most of it."
    return (
        f"Predictive entropy in nats, in slices through {structure}, the structure with the largest mean inside"
        f" ({mean:.2f} nats)."
    )
