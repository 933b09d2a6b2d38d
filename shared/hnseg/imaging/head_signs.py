"""Signs of head and neck on a CT: the cavity of the skull, and an airway in front of a spine.

They tell whether a scan shows this part of the body at all. On 36 real planning CTs of heads and necks an airway in
front of a spine is at least 88 mm long, on 16 CTs of legs at most 4 mm, though the gap between two legs can hold air.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.body import SKIN_HU, CoarseCt, Mask
from hnseg.imaging.geometry import Grid

BONE_HU, BRAIN_CM2, LEAST_SKULL_ML = 200.0, 40.0, 200.0  # no other bones enclose so much in one slice
SHOULDERS_CM2 = 350.0  # area of the body in a slice; a head has up to 260, two raised arms less
LEAST_AIRWAY_MM = 30.0  # of slices with an airway
LEAST_PIECE_ML = 100.0

_LEAST_AIR_CM2, _LEAST_SPINE_CM2 = 0.3, 1.0
_SPINE_REACH_MM, _SPINE_HALF_WIDTH_MM = 60.0, 12.0  # from the middle of the airway to the back, and to each side
_ACROSS = np.array([[[False] * 3] * 3, [[True] * 3] * 3, [[False] * 3] * 3])  # a closing within slices


@dataclass(frozen=True)
class HeadSigns:
    """Signs of head and neck on a CT.

    Attributes:
        skull: Mask of the largest cavity that bone encloses, on the coarse grid, (z, y, x); all False where there is
            none.
        skull_ml: Volume of that cavity; 0 where it is less than 100 ml.
        airway_mm: Length of the slices in which air lies inside the body in front of bone, and the body is narrower
            than shoulders.
    """

    skull: Mask
    skull_ml: float
    airway_mm: float

    @property
    def has_skull(self) -> bool:
        """Whether the cavity is as large as a skull's."""
        return self.skull_ml >= LEAST_SKULL_ML

    @property
    def shows_head_or_neck(self) -> bool:
        """Whether there is a skull or an airway."""
        return self.has_skull or self.airway_mm >= LEAST_AIRWAY_MM

    def doubt(self) -> str:
        """Return a sentence where the scan may show another part of the body; empty where it shows head or neck."""
        return "" if self.shows_head_or_neck else doubt_in_words(self.record)

    @property
    def record(self) -> dict[str, bool | float]:
        """Facts for the provenance: whether head or neck is shown, and the two measures."""
        return {
            "is_head_or_neck": self.shows_head_or_neck,
            "skull_ml": round(self.skull_ml, 1),
            "airway_mm": round(self.airway_mm, 1),
        }


def doubt_in_words(record: Mapping[str, float]) -> str:
    """Return the sentence on a scan that may show another part of the body, from the record of its signs."""
    return (
        f"The scan may not show the head and neck, since the CT has neither a skull, {record['skull_ml']:.0f} ml of at"
        f" least {LEAST_SKULL_ML:.0f} inside bone, nor an airway in front of a spine, {record['airway_mm']:.0f} mm of"
        f" at least {LEAST_AIRWAY_MM:.0f}. Is it of another part of the body, or is its header wrong?"
    )


def head_signs_of(coarse: CoarseCt) -> HeadSigns:
    """Return the signs of head and neck on a CT; none of them where there is no body.

    Args:
        coarse: Coarse copy of the CT.

    >>> import SimpleITK as sitk
    >>> from hnseg.imaging.body import coarse_ct_of
    >>> water = sitk.GetImageFromArray(np.zeros((40, 40, 40), np.int16))
    >>> head_signs_of(coarse_ct_of(water)).shows_head_or_neck
    False
    """
    skull, volume_ml = max(pieces(_cavity(coarse), coarse.grid), key=lambda one: one[1], default=(None, 0.0))
    if skull is None:
        skull = np.zeros_like(coarse.body)
    areas = areas_cm2(coarse.body, coarse.grid)
    has_airway = [
        0 < area_cm2 < SHOULDERS_CM2 and _shows_airway(hu, body, coarse.grid)
        for area_cm2, hu, body in zip(areas, coarse.hu, coarse.body, strict=True)
    ]
    return HeadSigns(skull, volume_ml, float(sum(has_airway)) * coarse.grid.spacing_mm[2])


def _cavity(coarse: CoarseCt) -> Mask:
    """Return what bone encloses in slices across the body, where that is as large as a brain."""
    bone = ndimage.binary_closing(np.pad(coarse.hu > BONE_HU, ((0, 0), (2, 2), (2, 2))), _ACROSS)[:, 2:-2, 2:-2]
    cavity = np.stack(list(starmap(_enclosed, zip(bone, coarse.body, strict=True))))
    cavity[areas_cm2(cavity, coarse.grid) < BRAIN_CM2] = False
    return cavity


def _enclosed(bone: Mask, body: Mask) -> Mask:
    return np.asarray(ndimage.binary_fill_holes(bone) & ~bone & body)


def _shows_airway(hu: npt.NDArray[np.float32], body: Mask, grid: Grid) -> bool:
    """Return whether a slice (y, x) has air inside the body, with bone right behind it."""
    mm_x, mm_y, _ = grid.spacing_mm
    pixel_cm2 = mm_x * mm_y / 100
    numbered, count = ndimage.label(body & (hu < SKIN_HU))
    sizes_cm2 = np.bincount(numbered.ravel(), minlength=count + 1)[1:] * pixel_cm2
    for number in 1 + np.flatnonzero(sizes_cm2 >= _LEAST_AIR_CM2):
        y, x = np.rint(np.argwhere(numbered == number).mean(axis=0)).astype(int).tolist()
        half, reach = max(1, round(_SPINE_HALF_WIDTH_MM / mm_x)), round(_SPINE_REACH_MM / mm_y)
        behind = hu[y : y + reach + 1, max(0, x - half) : x + half + 1]
        if np.count_nonzero(behind > BONE_HU) * pixel_cm2 >= _LEAST_SPINE_CM2:
            return True
    return False


def pieces(mask: Mask, grid: Grid) -> Iterator[tuple[Mask, float]]:
    """Yield the pieces of a mask of at least 100 ml, connected through faces, and their volumes in millilitres.

    >>> grid = Grid((50, 50, 50), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> mask = np.zeros((50, 50, 50), bool)
    >>> mask[:30, :30, :30] = mask[40:, 40:, 40:] = True
    >>> [volume_ml for _, volume_ml in pieces(mask, grid)]
    [216.0]
    """
    numbered, count = ndimage.label(mask)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)
    for number in range(1, count + 1):
        volume_ml = float(sizes[number]) * grid.voxel_volume_mm3 / 1000
        if volume_ml >= LEAST_PIECE_ML:
            yield numbered == number, volume_ml


def areas_cm2(mask: Mask, grid: Grid) -> npt.NDArray[np.float64]:
    """Return the area of every slice of a mask (z, y, x).

    >>> grid = Grid((5, 5, 2), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> areas_cm2(np.ones((2, 5, 5), bool), grid).tolist()
    [1.0, 1.0]
    """
    mm_x, mm_y, _ = grid.spacing_mm
    return np.asarray(np.count_nonzero(mask, axis=(1, 2)) * (mm_x * mm_y / 100), dtype=np.float64)
