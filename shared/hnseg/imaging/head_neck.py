"""Region of head and neck on a CT, found from the CT and, where there is one, the PET: no tumour is needed.

After Myronenko et al., MICCAI 2022: a box of 200 x 200 x 310 mm, found from the uptake in the head, from the crown
downwards. Theirs took the upper quarter of the slices and centred on the uptake there. Here the head is searched, so
that whole-body scans, arms beside or above the head, a bladder brighter than the brain, and images of any direction are
no matter, and the box is centred on the outline of head and neck: a brain's middle lies too far back for the chin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.body import CoarseCt, Mask
from hnseg.imaging.box import Box, whole
from hnseg.imaging.geometry import Grid, array_of, resample_image
from hnseg.imaging.head_signs import SHOULDERS_CM2, HeadSigns, areas_cm2, head_signs_of, pieces

EXTENT_MM = (200.0, 200.0, 310.0)
"""Size of the region: left to right, front to back, downwards."""

UPTAKE_SUV = 2.0  # a brain has more, and more than 100 ml of it; a vessel or a node less
HEAD_REACH_MM = 100.0  # below the top of what was found, everything still belongs to the head
NECK_REACH_MM = 150.0  # below the crown, the outline is that of the head and the upper neck
CROWN_REACH_MM = 40.0  # from the brain to the skin: half of that and some slack
CROWN_RADIUS_MM, OUTLINE_RADIUS_MM = 60.0, 120.0
LEAST_CROWN_CM2 = 2.0
LEAST_TOP_CM2 = 20.0


@dataclass(frozen=True)
class HeadNeck:
    """Region of head and neck.

    Attributes:
        box: Box of the CT's voxels, clipped to the image; all of them where no body was found.
        why: Evidence by which it was found, as a phrase.
        signs: Signs that the CT shows head or neck at all.
    """

    box: Box
    why: str
    signs: HeadSigns


@dataclass(frozen=True)
class _Head:
    """Head on a coarse CT: a point (y, x) in it, the slice of its crown, and the evidence by which it was found."""

    inside_yx: tuple[float, float]
    crown: int
    why: str


def find_head_and_neck(coarse: CoarseCt, pet: sitk.Image | None) -> HeadNeck:
    """Return the region of head and neck on a CT.

    Found by the brain's uptake on the PET, else by the skull on the CT, else by the upper end of the body.

    Args:
        coarse: Coarse copy of the CT.
        pet: PET in SUV, on any grid; None where there is none.

    >>> from hnseg.imaging.body import coarse_ct_of
    >>> air = sitk.Image([20, 20, 10], sitk.sitkInt16) - 1000
    >>> found = find_head_and_neck(coarse_ct_of(air), None)
    >>> found.box, found.why
    (Box(index_xyz=(0, 0, 0), size_xyz=(20, 20, 10)), 'the whole image, since no body was found on it')
    """
    signs = head_signs_of(coarse)
    head = _by_uptake(coarse, pet, signs) or _by_skull(coarse, signs) or _by_body(coarse)
    if head is None:
        return HeadNeck(whole(coarse.ct_grid), "the whole image, since no body was found on it", signs)
    return HeadNeck(_box(coarse, head), head.why, signs)


def _by_uptake(coarse: CoarseCt, pet: sitk.Image | None, signs: HeadSigns) -> _Head | None:
    """Find the brain on a PET: the largest uptake with no shoulders above it."""
    if pet is None:
        return None
    hot = array_of(resample_image(pet, coarse.grid)) > UPTAKE_SUV
    areas = areas_cm2(coarse.body, coarse.grid)
    found = [
        (piece, volume_ml)
        for piece, volume_ml in pieces(hot & coarse.body, coarse.grid)
        if (areas[_top(piece) + 1 :] < SHOULDERS_CM2).all()
    ]
    if not found:
        return None
    piece, volume_ml = max(found, key=lambda one: one[1])
    place = "in the head" if signs.shows_head_or_neck else "though no head was seen"
    return _head_around(piece, coarse, f"the uptake of {volume_ml:.0f} ml {place}")


def _by_skull(coarse: CoarseCt, signs: HeadSigns) -> _Head | None:
    """Find the cavity of the skull."""
    if not signs.has_skull:
        return None
    return _head_around(signs.skull, coarse, f"the skull, with {signs.skull_ml:.0f} ml inside, on the CT")


def _by_body(coarse: CoarseCt) -> _Head | None:
    """Find the upper end of the body, on an image that shows neither a brain nor a skull."""
    areas = areas_cm2(coarse.body, coarse.grid)
    if not areas.any():
        return None
    crown = int(np.flatnonzero(areas >= min(LEAST_TOP_CM2, areas.max())).max())
    lowest = _lower(crown, HEAD_REACH_MM, coarse.grid)
    _, y, x = np.argwhere(coarse.body[lowest : crown + 1]).mean(axis=0)
    return _Head((float(y), float(x)), crown, "the upper end of the body on the CT")


def _head_around(piece: Mask, coarse: CoarseCt, why: str) -> _Head:
    """Return the head whose brain was found: its middle, and the slice up to which the body goes on above it."""
    top = _top(piece)
    lowest = _lower(top, HEAD_REACH_MM, coarse.grid)
    _, y, x = np.argwhere(piece[lowest : top + 1]).mean(axis=0)
    areas = areas_cm2(_near(coarse, (y, x), CROWN_RADIUS_MM), coarse.grid)
    highest = min(len(areas) - 1, top + round(CROWN_REACH_MM / coarse.grid.spacing_mm[2]))
    ends = np.flatnonzero(areas[top : highest + 1] < LEAST_CROWN_CM2)
    crown = top + int(ends[0]) - 1 if len(ends) else highest
    return _Head((float(y), float(x)), max(crown, top), why)


def _near(coarse: CoarseCt, point_yx: tuple[float, float], radius_mm: float) -> Mask:
    """Return the body within a distance of a point in every slice."""
    (y, x), (mm_x, mm_y, _) = point_yx, coarse.grid.spacing_mm
    rows, columns = np.ogrid[: coarse.body.shape[1], : coarse.body.shape[2]]
    return np.asarray(coarse.body & (((rows - y) * mm_y) ** 2 + ((columns - x) * mm_x) ** 2 <= radius_mm**2))


def _middle_yx(coarse: CoarseCt, head: _Head) -> tuple[float, float]:
    """Return the middle of the outline of head and upper neck, slice by slice; arms beside it are left out."""
    lowest = _lower(head.crown, NECK_REACH_MM, coarse.grid)
    outline = _near(coarse, head.inside_yx, OUTLINE_RADIUS_MM)[lowest : head.crown + 1]
    outline = outline[areas_cm2(outline, coarse.grid) < SHOULDERS_CM2]
    middles = [_middle_of_slice(z_slice) for z_slice in outline if z_slice.any()]
    if not middles:
        return head.inside_yx
    y, x = np.mean(middles, axis=0).tolist()
    return (y, x)


def _middle_of_slice(z_slice: Mask) -> tuple[float, float]:
    rows, columns = (np.flatnonzero(z_slice.any(axis=axis)) for axis in (1, 0))
    return (float(rows[0] + rows[-1]) / 2, float(columns[0] + columns[-1]) / 2)


def _box(coarse: CoarseCt, head: _Head) -> Box:
    """Return the box around a head in the voxels of the CT, whose axes are parallel to the coarse CT's."""
    grid = coarse.ct_grid
    half_x, half_y = EXTENT_MM[0] / 2 / coarse.grid.spacing_mm[0], EXTENT_MM[1] / 2 / coarse.grid.spacing_mm[1]
    y, x = _middle_yx(coarse, head)
    upper = head.crown + 1.5  # the far edge of the slice above, since the crown is known to within a slice
    lower = upper - EXTENT_MM[2] / coarse.grid.spacing_mm[2]
    corners = np.array([[x - half_x, y - half_y, lower], [x + half_x, y + half_y, upper]])
    edges = grid.index_xyz(coarse.grid.points_mm(corners))
    # A voxel reaches half a step to either side of its index, so index n begins at edge n - 0.5.
    first = np.rint(edges.min(axis=0) + 0.5).astype(int)
    size = np.rint(np.ptp(edges, axis=0)).astype(int)
    last = np.minimum(first + size, grid.size_xyz)
    first = np.maximum(first, 0)
    return Box(_triple(first), _triple(np.maximum(last - first, 1)))


def _top(piece: Mask) -> int:
    return int(np.flatnonzero(piece.any(axis=(1, 2))).max())


def _lower(top: int, reach_mm: float, grid: Grid) -> int:
    """Return the number of the slice a distance below another; at least 0, the lowest slice of the image."""
    return max(0, top + 1 - round(reach_mm / grid.spacing_mm[2]))


def _triple(values: npt.NDArray[np.integer]) -> tuple[int, int, int]:
    x, y, z = values.tolist()
    return (x, y, z)
