"""Points of origin of recurrences, and whether a predicted volume captures them.

A recurrence is a connected piece (26-connectivity) of one label of the reference. Kutnár et al. 2023, who predict
recurrence volumes from pre-treatment FDG-PET/CT, name two places where it may have begun and never reconcile them:

* centre: "the centre of volume", here the voxel at the centre of mass, or where that is outside the piece (a ring, a
  crescent), the piece's voxel nearest to it in mm. It is captured where the prediction holds that voxel.
* core: what "binary erosion with a 3x3x3 structuring element" leaves. It is captured where the prediction holds any
  voxel of it.

How often to erode is not said. `ultimate` erodes as long as anything is left, and a piece that the first erosion would
remove has its centre as its core, so that no recurrence is lost. `as-code` erodes once, as the authors' published
program, in which a piece that vanishes can't be captured at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.components import number_components

Core = Literal["ultimate", "as-code"]
"""Rule of the erosion."""

_ELEMENT = np.ones((3, 3, 3), bool)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Origin:
    """Places where one recurrence may have begun, as indices of voxels (z, y, x).

    Attributes:
        centre_zyx: Voxel of the centre of volume.
        core_zyx: Voxels of the core, (n, 3); none where `as-code` removes the piece.
        voxels: Number of voxels of the recurrence.
    """

    centre_zyx: tuple[int, int, int]
    core_zyx: npt.NDArray[np.intp]
    voxels: int

    def centre_value(self, image: npt.NDArray[Any]) -> float:
        """Return the value of an image (z, y, x) at the centre."""
        return float(image[self.centre_zyx])

    def core_value(self, image: npt.NDArray[Any]) -> float:
        """Return the largest value of an image (z, y, x) in the core; minus infinity where there is none."""
        return float(image[tuple(self.core_zyx.T)].max()) if len(self.core_zyx) else -np.inf


def origins_of(
    reference: npt.NDArray[Any], *, spacing_zyx_mm: Sequence[float], core: Core = "ultimate"
) -> list[Origin]:
    """Return the origins of all recurrences of a reference, by label and then by first voxel.

    Args:
        reference: Label map, (z, y, x); pieces of different labels are apart even where they touch.
        spacing_zyx_mm: Voxel spacing, for the voxel nearest to a centre.
        core: Rule of the erosion.

    Returns:
        One origin a recurrence; none for an empty reference.

    >>> reference = np.zeros((1, 5, 9), np.uint8)
    >>> reference[0, 1:4, 1:4] = 1
    >>> reference[0, 2, 2] = 0  # a ring of eight voxels, which one erosion removes
    >>> reference[0, 2, 7] = 1
    >>> [origin.centre_zyx for origin in origins_of(reference, spacing_zyx_mm=(3.0, 1.0, 0.5))]
    [(0, 2, 1), (0, 2, 7)]
    """
    origins: list[Origin] = []
    for label in np.unique(reference[reference > 0]):
        numbered, _ = number_components(reference == label, connectivity=26)
        for number, box in enumerate(ndimage.find_objects(numbered), 1):
            first = np.array([axis.start for axis in box], np.intp)
            origins.append(_origin(numbered[box] == number, first, spacing_zyx_mm, core))
    return origins


def _origin(piece: Mask, first: npt.NDArray[np.intp], spacing_zyx_mm: Sequence[float], core: Core) -> Origin:
    """Return the origin of one piece in its box, whose first voxel has this index in the image."""
    centre = _centre_of_volume(piece, spacing_zyx_mm)
    eroded = np.argwhere(_eroded_once(piece) if core == "as-code" else _ultimately_eroded(piece))
    if not len(eroded) and core == "ultimate":
        eroded = centre[None]
    z, y, x = (centre + first).tolist()
    return Origin((z, y, x), eroded + first, int(np.count_nonzero(piece)))


def _centre_of_volume(piece: Mask, spacing_zyx_mm: Sequence[float]) -> npt.NDArray[np.intp]:
    voxels = np.argwhere(piece)
    centre = voxels.mean(axis=0)
    rounded: npt.NDArray[np.intp] = np.rint(centre).astype(np.intp)
    if piece[tuple(rounded)]:
        return rounded
    apart_mm = ((voxels - centre) * np.asarray(spacing_zyx_mm)) ** 2
    nearest: npt.NDArray[np.intp] = voxels[apart_mm.sum(axis=1).argmin()]
    return nearest


def _eroded_once(piece: Mask) -> Mask:
    eroded: Mask = ndimage.binary_erosion(piece, _ELEMENT)
    return eroded


def _ultimately_eroded(piece: Mask) -> Mask:
    """Return the last erosion that leaves anything; empty where the first one leaves nothing."""
    core, eroded = np.zeros_like(piece), _eroded_once(piece)
    while eroded.any():
        core, eroded = eroded, _eroded_once(eroded)
    return core
