"""Uncertainty of a label map on the image's grid, made of the members' logits on the network's, plane by plane.

The members' logits are never there at full size: two planes of the network are kept, and two numbers a voxel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.labelling.finished_plane import FinishedPlane
from hnseg.inference.labelling.label_map import Target
from hnseg.inference.labelling.structure_table import FurtherSeen, UncertaintyTable, table_of
from hnseg.inference.labelling.uncertainty_plane import MemberPlane, PlaneCounts, UncertaintyPlane

NO_MEMORY = (
    "The uncertainty was left out, because the logits of single members did not fit into memory even in half precision."
)
"""Note on an uncertainty that was asked for and given up."""
NOT_GRADUAL = (
    "The uncertainty was left out, because this model's logits are resampled by splines of a higher order, for which"
    " all members' logits would have to be in memory at once."
)
"""Note on an uncertainty that was asked for of a model that gives none."""


@dataclass(frozen=True)
class Uncertainty:
    """Uncertainty of an ensemble's label map.

    Attributes:
        table: Agreement of the members on each structure.
        grid: Grid of the image.
        entropies: Predictive entropy and mutual information, (2, z, y, x), float32, in nats.
    """

    table: UncertaintyTable
    grid: Grid
    entropies: FloatArray

    @property
    def entropy(self) -> sitk.Image:
        """Predictive entropy on the image's grid, float32, in nats; a new image. It is 0 where the image was cropped.

        Of classes it is at most ln k; of regions, which may overlap, it is the sum over them, at most k ln 2.
        """
        return image_of(self.entropies[0], self.grid)

    @property
    def mutual_information(self) -> sitk.Image:
        """Mutual information of label and member on the image's grid, float32, in nats; a new image."""
        return image_of(self.entropies[1], self.grid)


class UncertaintyMap:
    """Uncertainty that is filled plane by plane beside a label map, and may be filled again with better planes."""

    def __init__(self, target: Target, members: int) -> None:
        """Begin with no uncertainty anywhere.

        Args:
            target: Grid of the image, and the way of logits to it; it must be gradual.
            members: Number of members of the ensemble; planes may come with fewer, the first of them.
        """
        self._target, self.members = target, members
        self._entropies: FloatArray = np.zeros((2, *target.grid.shape_zyx), np.float32)
        self._inner = [target.planes_in(array) for array in self._entropies]
        along, *self._axes = target.axes()
        self._planes: dict[int, UncertaintyPlane] = {}
        self._pieces = along.pieces(1)
        empty = PlaneCounts.none(len(target.dataset.output_values), members)
        self._counts = [empty] * len(self._pieces)

    def beside(self, planes: Iterable[FinishedPlane]) -> Iterator[FloatArray]:
        """Yield the ensemble's logits (k, y, x) of planes from the first on, and fill those that they complete.

        From the first plane without members' logits on, nothing is filled any more.
        """
        near: deque[MemberPlane] = deque()
        waiting = deque(enumerate(self._pieces))
        for arrived, plane in enumerate(planes, start=1):
            yield plane.mean
            if plane.members is None:
                waiting.clear()
            else:
                uncertainty_plane = self._plane_of(len(plane.members.is_seen))
                near.append(uncertainty_plane.prepared(plane, plane.members))
            while waiting and waiting[0][1].old.stop <= arrived:
                number, piece = waiting.popleft()
                while arrived - len(near) < piece.old.start:
                    near.popleft()
                weight = float(piece.weights[0, 1]) if len(near) == 2 else 0.0
                self._fill(number, near, weight)

    def result(self, *, sums_in: str, further: Sequence[FurtherSeen] = ()) -> Uncertainty:
        """Return the uncertainty so far.

        Args:
            sums_in: Type of number that the members' logits were summed in.
            further: Members beyond the folds, which are the last of all.
        """
        target = self._target
        table = table_of(self._counts, target.dataset, target.grid, sums_in=sums_in, further=further)
        return Uncertainty(table, target.grid, self._entropies)

    def _fill(self, number: int, near: deque[MemberPlane], weight: float) -> None:
        entropy, mutual_information = (array[number] for array in self._inner)
        members = min(plane.count for plane in near)
        kept = [plane.first(members) for plane in near]
        counts = self._plane_of(members).fill(entropy, mutual_information, kept, weight)
        self._counts[number] = counts.of(self.members)

    def _plane_of(self, members: int) -> UncertaintyPlane:
        """Return what fills planes of so many members, which become fewer where time or memory is short."""
        if members not in self._planes:
            rows, columns = self._axes
            self._planes[members] = UncertaintyPlane(rows, columns, self._target.dataset, members)
        return self._planes[members]
