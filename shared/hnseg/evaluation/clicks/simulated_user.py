"""Simulated user: the next click of somebody who knows the reference, without any chance in it.

An error is a connected piece (through faces) of the voxels that one structure has too many, or lacks, in a label map:
a user clicks into it, negatively or positively. Its depth is the largest distance of one of its voxels from the nearest
voxel outside, centre to centre in mm. By the rule `depth` the deepest error comes first, by the rule `largest` the one
of most voxels. The largest is often a rim around a structure that is nearly right; the deepest rather a lesion that is
missed or invented. Ties are decided by the number of voxels, then by the order of the structures, then by the place of
the error's first voxel in the array.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.box import Slices
from hnseg.imaging.components import Connectivity, number_components
from hnseg.imaging.geometry import Grid, LabelArray
from hnseg.imaging.prompts.click import Click, VoxelClick

Rule = Literal["depth", "largest"]
SMALLEST_ERROR = 5
"""Number of voxels below which an error is left alone."""
LESION_CONNECTIVITY: Connectivity = 18
"""Contact of the voxels of one lesion: through faces and edges."""

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Truth:
    """Label map that a user has in mind.

    Attributes:
        reference: True label map, (z, y, x).
        grid: Grid of it.
        labels: Values of the structures by name, in the order that decides ties.
    """

    reference: LabelArray
    grid: Grid
    labels: Mapping[str, int]


@dataclass(frozen=True)
class UserRules:
    """Rules of a simulated user.

    Attributes:
        rule: Error that comes first: the deepest, or the one of most voxels.
        radius_mm: Distance from an earlier click of the same structure within which no voxel is clicked.
        most_per_structure: Number of clicks that a structure gets at most; None for any.
    """

    rule: Rule = "depth"
    radius_mm: float = 5.5
    most_per_structure: int | None = None


@dataclass(frozen=True)
class _Error:
    """Error of a label map.

    Attributes:
        structure: Name of the structure that has these voxels too many, or lacks them.
        is_missing: Whether it lacks them.
        box: Box around the error.
        mask: Its voxels in the box, (z, y, x).
        depth_mm: Distance of each of them from the nearest voxel outside, (z, y, x); 0 outside.
    """

    structure: str
    is_missing: bool
    box: Slices
    mask: _Mask
    depth_mm: npt.NDArray[np.float64]

    def holds(self, click: VoxelClick) -> bool:
        """Return whether a click means this error: its structure and sign, at one of its voxels."""
        if (click.structure, click.is_positive) != (self.structure, self.is_missing):
            return False
        inside = [round(at) - side.start for at, side in zip(click.index_zyx, self.box, strict=True)]
        z, y, x = inside
        return all(0 <= at < size for at, size in zip(inside, self.mask.shape, strict=True)) and bool(
            self.mask[z, y, x]
        )

    def rank(self, rule: Rule) -> tuple[float, float]:
        """Return the sizes by which errors are compared."""
        sizes = (float(self.depth_mm.max()), float(np.count_nonzero(self.mask)))
        return sizes if rule == "depth" else (sizes[1], 0.0)

    def click(self, made: Iterable[VoxelClick], radius_mm: float, grid: Grid) -> VoxelClick | None:
        """Return the click at the deepest voxel that lies off those made; None where all lie near one of them."""
        free = self.depth_mm.copy()
        for click in made:
            if click.structure == self.structure:
                free[self._distance_mm(click, grid) <= radius_mm] = 0
        if not free.any():
            return None
        place = np.unravel_index(int(free.argmax()), free.shape)
        z, y, x = (int(at) + side.start for at, side in zip(place, self.box, strict=True))
        return VoxelClick(self.structure, self.is_missing, (z, y, x))

    def _distance_mm(self, click: VoxelClick, grid: Grid) -> npt.NDArray[np.float64]:
        """Return the distance of each voxel of the box from a click, (z, y, x)."""
        lines = [
            (np.arange(side.start, side.stop) - at) * mm
            for side, at, mm in zip(self.box, click.index_zyx, grid.spacing_zyx_mm, strict=True)
        ]
        z, y, x = np.ix_(*lines)
        return np.asarray(np.sqrt(z**2 + y**2 + x**2))


def next_click(
    label_map: LabelArray,
    truth: Truth,
    rules: UserRules,
    *,
    made: Sequence[VoxelClick] = (),
    ignored: Collection[VoxelClick] = (),
) -> VoxelClick | None:
    """Return the next click of a user.

    Args:
        label_map: Label map so far, (z, y, x), on the grid of the true one.
        truth: True label map.
        rules: Rules of the user.
        made: Clicks so far, on this grid.
        ignored: Those of them that changed nothing: the error that holds one is not clicked again.

    Returns:
        The click, at the centre of a voxel; None where no error is left that may be clicked.

    >>> reference, label_map = np.zeros((1, 3, 12), np.uint8), np.zeros((1, 3, 12), np.uint8)
    >>> reference[..., 1:4], label_map[..., 6:11] = 1, 1
    >>> grid = Grid((12, 3, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> next_click(label_map, Truth(reference, grid, {"GTVp": 1}), UserRules())  # equally thin, so the larger
    VoxelClick(structure='GTVp', is_positive=False, index_zyx=(0, 0, 6))
    """
    errors = [error for name in _open(truth.labels, made, rules) for error in _errors(label_map, truth, name)]
    for error in sorted(errors, key=lambda error: error.rank(rules.rule), reverse=True):
        if not any(map(error.holds, ignored)):
            click = error.click(made, rules.radius_mm, truth.grid)
            if click is not None:
                return click
    return None


def lesion_clicks(truth: Truth) -> list[VoxelClick]:
    """Return a positive click at the deepest voxel of each lesion, in the order of the structures and of the array."""
    pieces = [
        piece
        for name, label in truth.labels.items()
        for piece in _pieces(
            truth.reference == label, truth.grid, name, is_missing=True, connectivity=LESION_CONNECTIVITY
        )
    ]
    return [click for piece in pieces if (click := piece.click((), 0.0, truth.grid)) is not None]


def click_of(click: VoxelClick, grid: Grid) -> Click:
    """Return a click on an array as one in the patient.

    >>> grid = Grid((4, 3, 2), (0.5, 1.0, 3.0), (-10.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> click_of(VoxelClick("GTVp", True, (1, 0, 2)), grid).point_mm
    (-9.0, 0.0, 10.0)
    """
    x, y, z = grid.points_mm(np.array([click.index_zyx[::-1]], np.float64))[0].tolist()
    return Click(click.structure, click.is_positive, (x, y, z))


def _open(labels: Iterable[str], made: Sequence[VoxelClick], rules: UserRules) -> list[str]:
    """Return the structures that may get another click."""
    most = rules.most_per_structure
    return [name for name in labels if most is None or sum(click.structure == name for click in made) < most]


def _errors(label_map: LabelArray, truth: Truth, name: str) -> Iterator[_Error]:
    """Yield the errors of a structure: first what it lacks, then what it has too many."""
    found, wanted = label_map == truth.labels[name], truth.reference == truth.labels[name]
    for mask, is_missing in ((wanted & ~found, True), (found & ~wanted, False)):
        for error in _pieces(mask, truth.grid, name, is_missing=is_missing, connectivity=6):
            if np.count_nonzero(error.mask) >= SMALLEST_ERROR:
                yield error


def _pieces(mask: _Mask, grid: Grid, name: str, *, is_missing: bool, connectivity: Connectivity) -> Iterator[_Error]:
    """Yield the connected pieces of a mask, in the order of the array."""
    whole = ndimage.find_objects(mask.view(np.uint8))
    if not whole:
        return
    numbered, _ = number_components(mask[whole[0]], connectivity=connectivity)
    for number, box in enumerate(ndimage.find_objects(numbered), start=1):
        piece = numbered[box] == number
        depth_mm = ndimage.distance_transform_edt(np.pad(piece, 1), sampling=grid.spacing_zyx_mm)[1:-1, 1:-1, 1:-1]
        z, y, x = (slice(a.start + b.start, b.start + a.stop) for a, b in zip(box, whole[0], strict=True))
        yield _Error(name, is_missing, (z, y, x), piece, depth_mm)
