"""Uncertainty of a label map on the image's grid, made of the members' logits on the network's, plane by plane.

The members' logits are never there at full size: two planes of the network are kept, and two numbers a voxel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.labelling.finished_plane import FinishedPlane, MemberLogits
from hnseg.inference.labelling.label_map import Target
from hnseg.inference.labelling.structure_table import UncertaintyTable, table_of
from hnseg.inference.labelling.uncertainty_plane import MemberPlane, PlaneCounts, UncertaintyPlane

OF_THE_MEAN = (
    "The entropy map is that of the ensemble's mean logits, without mutual information and a table of structures, since"
    " those of single members did not fit into memory even in half precision, or this model's logits are resampled by"
    " splines of a higher order."
)
"""Note on an entropy that is not that of the members' mean probability."""
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
    """Uncertainty that is filled plane by plane beside a label map, and may be filled again with better planes.

    Where planes come without members' logits the entropy is that of the ensemble's mean logits.
    """

    def __init__(self, target: Target, members: int) -> None:
        """Begin with no uncertainty anywhere.

        Args:
            target: Grid of the image, and the way of logits to it; it must be gradual.
            members: Number of members of the ensemble; 0 for the entropy of the mean logits alone.
        """
        self._target, self.members = target, members
        self._entropies: FloatArray = np.zeros((2 if members else 1, *target.grid.shape_zyx), np.float32)
        self._inner = [target.planes_in(array) for array in self._entropies]
        along, rows, columns = target.axes()
        self._of_members = UncertaintyPlane(rows, columns, target.dataset, members)
        self._of_mean = UncertaintyPlane(rows, columns, target.dataset, 1)
        self._pieces = along.pieces(1)
        empty = PlaneCounts.none(len(target.dataset.output_values), members)
        self._counts = [empty] * len(self._pieces)

    def beside(self, planes: Iterable[FinishedPlane]) -> Iterator[FloatArray]:
        """Yield the ensemble's logits (k, y, x) of planes from the first on, and fill those that they complete."""
        near: deque[_Prepared] = deque()
        waiting = deque(enumerate(self._pieces))
        for arrived, plane in enumerate(planes, start=1):
            yield plane.mean
            near.append(self._prepared(plane))
            while waiting and waiting[0][1].old.stop <= arrived:
                number, piece = waiting.popleft()
                while arrived - len(near) < piece.old.start:
                    near.popleft()
                weight = float(piece.weights[0, 1]) if len(near) == 2 else 0.0
                self._fill(number, near, weight)

    def result(self, *, sums_in: str) -> Uncertainty:
        """Return the uncertainty so far, of planes that all came with members' logits.

        Args:
            sums_in: Type of number that the members' logits were summed in.
        """
        target = self._target
        table = table_of(self._counts, target.dataset, target.grid, sums_in=sums_in)
        return Uncertainty(table, target.grid, self._entropies)

    def entropy(self) -> sitk.Image:
        """Return the predictive entropy so far on the image's grid; see `Uncertainty`."""
        return image_of(self._entropies[0], self._target.grid)

    def _prepared(self, plane: FinishedPlane) -> _Prepared:
        of_members = None if plane.members is None else self._of_members.prepared(plane, plane.members)
        alone = MemberLogits(plane.mean[np.newaxis], np.ones((1, *plane.mean.shape[1:]), np.bool_))
        return _Prepared(of_members, self._of_mean.prepared(plane, alone))

    def _fill(self, number: int, near: Iterable[_Prepared], weight: float) -> None:
        entropy, *others = (array[number] for array in self._inner)
        mutual_information = others[0] if others else np.empty_like(entropy)
        of_members = [plane.of_members for plane in near if plane.of_members is not None]
        of_mean = [plane.of_mean for plane in near]
        if len(of_members) == len(of_mean):
            self._counts[number] = self._of_members.fill(entropy, mutual_information, of_members, weight)
        else:
            self._of_mean.fill(entropy, mutual_information, of_mean, weight)


@dataclass(frozen=True)
class _Prepared:
    """Plane of the network's grid as members, where it came with their logits, and with its mean as the only one."""

    of_members: MemberPlane | None
    of_mean: MemberPlane
