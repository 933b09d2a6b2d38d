"""Gradient map of an image: strength of its edges in boxes around the tumour of an earlier visit.

The map is zero outside a box around each connected piece of the prior mask. Inside, it is the image's Gaussian gradient
magnitude, scaled to the box and saturated. After Ren et al., GradientSegHNTS (HNTS-MRG 2024). The defaults correct
asymmetries of the released program; `GradientMapSettings.paper()` reproduces it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator
from scipy import ndimage

from hnseg.imaging.box import Slices
from hnseg.imaging.components import Component, Connectivity, components_of
from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen

SIGMA_VOXELS = 1.0
_FLAT = 1e-9  # a gradient that varies by less than this fraction of the box's intensity range is rounding error


class GradientMapSettings(Frozen):
    """Settings of the boxes and of the map in them. Margins are in voxels, the same on all three axes."""

    train_margin_voxels: tuple[NonNegativeInt, NonNegativeInt] = (2, 6)
    """Smallest and largest margin, both included, drawn afresh for each side of each box."""
    test_margin_voxels: NonNegativeInt = 5
    """Margin of every side where margins are not drawn at random."""
    connectivity: Connectivity = 26
    """Neighbours of a voxel: through faces (6), also edges (18), also corners (26). Masks warped by nearest neighbour
    have voxels that touch their piece by a corner only; 26 keeps them with it."""
    smallest_component_voxels: NonNegativeInt = 10
    """Pieces with fewer voxels get no box, except the largest of their label."""
    symmetric_boxes: bool = True
    """False ends each box one voxel early on its high side; without a margin, a single voxel then has no box."""
    overlap: Literal["maximum", "later"] = "maximum"
    """Value of a voxel inside several boxes: the largest one, or that of the box drawn last."""
    constant_box_value: float = Field(default=0.0, ge=0.0, le=1.0)
    """Value of a box in which the image has no edges at all."""
    gain: PositiveFloat = 2.0
    """Factor of the gradient after it is scaled to [0, 1] in its box; the product is cut at 1."""

    @model_validator(mode="after")
    def _margins_rise(self) -> GradientMapSettings:
        smallest, largest = self.train_margin_voxels
        if smallest > largest:
            raise ValueError(f"train_margin_voxels must rise, found {self.train_margin_voxels}")
        return self

    @classmethod
    def paper(cls) -> GradientMapSettings:
        """Return the settings of the program that was released with the paper.

        Read from github.com/Aarhus-RadOnc-AI/GradientSegHNTS at commit 668598d. It draws margins at test too; pass a
        generator to `gradient_map` for that.
        """
        return cls(
            train_margin_voxels=(4, 7),
            connectivity=6,
            smallest_component_voxels=0,
            symmetric_boxes=False,
            overlap="later",
            constant_box_value=1.0,
        )


@dataclass(frozen=True)
class BoxAround:
    """Box around a piece of a label, margins included.

    Attributes:
        label: Value of the piece in the prior mask.
        slices: Voxels of the box, (z, y, x); never empty.
    """

    label: int
    slices: Slices


@dataclass(frozen=True)
class GradientMap:
    """Gradient map and its boxes.

    Attributes:
        array: Map, (z, y, x), float32, in [0, 1]; zero outside the boxes and in the flattest voxel of each.
        boxes: Boxes in the order in which they were drawn: by label, then by the first voxel of the piece.
        notes: Sentences, one for each thing that was left out or could not be drawn.
    """

    array: FloatArray
    boxes: tuple[BoxAround, ...]
    notes: tuple[str, ...]

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Mask of all boxes, (z, y, x); unlike `array > 0`, also where the gradient vanishes."""
        mask = np.zeros(self.array.shape, dtype=bool)
        for box in self.boxes:
            mask[box.slices] = True
        return mask


def gradient_map(
    image: npt.NDArray[Any],
    prior: npt.NDArray[Any],
    settings: GradientMapSettings,
    *,
    rng: np.random.Generator | None = None,
) -> GradientMap:
    """Return the gradient map of an image inside boxes around a prior mask.

    Args:
        image: Intensities, (z, y, x), any scalar type, finite.
        prior: Labels of the earlier visit on the same grid, (z, y, x), integer, 0 background; an empty one gives a map
            of zeros.
        settings: Settings of the boxes and of the map in them.
        rng: Random numbers for each side's margin, as for training; left out, every margin is `test_margin_voxels`.

    Raises:
        ValueError: The shapes differ.

    The edge of a step lies in the middle, between voxels 4 and 5; the box is the prior's voxel and 2 on either side:

    >>> step = np.zeros((1, 1, 10)); step[..., 5:] = 100
    >>> prior = np.zeros((1, 1, 10), np.uint8); prior[0, 0, 4] = 1
    >>> found = gradient_map(step, prior, GradientMapSettings(test_margin_voxels=2))
    >>> found.boxes[0].slices[2]
    slice(2, 7, None)
    >>> (found.array[0, 0] > 0).tolist()
    [False, False, False, True, True, True, True, False, False, False]
    >>> float(found.array.max())
    1.0
    """
    if image.shape != prior.shape:
        raise ValueError(f"image and prior mask must have one shape, found {image.shape} and {prior.shape}")
    boxes, notes = _boxes(prior, settings, rng)
    array = np.zeros(image.shape, dtype=np.float32)  # never the image's type: an integer map would hold 0 and 1 only
    for box in boxes:
        drawn = array[box.slices]
        edges = _edges(image[box.slices], settings.gain)
        if edges is None:
            edges = np.full(drawn.shape, settings.constant_box_value, dtype=np.float32)
            start_zyx, stop_zyx = (tuple(getattr(axis, end) for axis in box.slices) for end in ("start", "stop"))
            notes.append(
                f"The image has no edges in the box of label {box.label} from voxel {start_zyx} to {stop_zyx}"
                f" (z, y, x), so the gradient map is {settings.constant_box_value:g} there."
            )
        drawn[...] = np.maximum(drawn, edges) if settings.overlap == "maximum" else edges
    return GradientMap(array=array, boxes=tuple(boxes), notes=tuple(notes))


def _boxes(
    prior: npt.NDArray[Any], settings: GradientMapSettings, rng: np.random.Generator | None
) -> tuple[list[BoxAround], list[str]]:
    """Return a box around each piece that is large enough, and a sentence for each label with smaller ones."""
    boxes: list[BoxAround] = []
    notes: list[str] = []
    for label in np.unique(prior[prior > 0]).tolist():
        pieces = components_of(prior == label, connectivity=settings.connectivity)
        smallest = min(settings.smallest_component_voxels, max(piece.voxels for piece in pieces))
        kept = [piece for piece in pieces if piece.voxels >= smallest]
        boxes += [_box_around(piece, label, prior.shape, _margins(settings, rng)) for piece in kept]
        if len(kept) < len(pieces):
            notes.append(
                f"Pieces under {settings.smallest_component_voxels} voxels get no box in the gradient map:"
                f" {len(pieces) - len(kept)} of label {label} in the prior mask."
            )
    return [box for box in boxes if all(axis.start < axis.stop for axis in box.slices)], notes


def _margins(settings: GradientMapSettings, rng: np.random.Generator | None) -> npt.NDArray[np.int64]:
    """Return the margins of one box in voxels, (side, axis): low then high, z then y then x."""
    if rng is not None:
        smallest, largest = settings.train_margin_voxels
        margins = rng.integers(smallest, largest, size=(2, 3), endpoint=True)
    else:
        margins = np.full((2, 3), settings.test_margin_voxels)
    if settings.symmetric_boxes:
        margins[1] += 1  # from the last voxel of the piece to the first one outside the box
    return margins


def _box_around(piece: Component, label: int, shape_zyx: tuple[int, ...], margins: npt.NDArray[np.int64]) -> BoxAround:
    start = np.maximum(np.array(piece.first_zyx) - margins[0], 0)
    stop = np.minimum(np.array(piece.last_zyx) + margins[1], shape_zyx)
    z, y, x = (slice(first, end) for first, end in zip(start.tolist(), stop.tolist(), strict=True))
    return BoxAround(label, (z, y, x))


def _edges(crop: npt.NDArray[Any], gain: float) -> FloatArray | None:
    """Return the gradient magnitude of a crop in [0, 1]; None when it has no edges.

    The filter is given the crop alone, mirrored at its faces. Voxels count as cubes, whatever the spacing.
    """
    values = crop.astype(np.float64)
    spread = np.ptp(values)
    if spread == 0:
        return None
    # Scaling first changes nothing in exact arithmetic, and makes _FLAT a fraction of the intensity range.
    gradient = ndimage.gaussian_gradient_magnitude((values - values.min()) / spread, SIGMA_VOXELS)
    steepest, flattest = gradient.max(), gradient.min()
    if steepest - flattest <= _FLAT:
        return None
    scaled = (gradient - flattest) / (steepest - flattest)
    return np.asarray(np.minimum(gain * scaled, 1.0), dtype=np.float32)
