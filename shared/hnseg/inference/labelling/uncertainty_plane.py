"""Uncertainty of a plane of the image, from the members' logits on the planes that it lies between, block by block.

The logits of each member are interpolated to the image's grid, as those of the label map are, and become probabilities
there. Where two planes of the network disagree the entropy between them is so that of the label's change, which an
interpolation of their own entropies would miss. Of a calibrated model the members' logits at a voxel are divided by the
temperature of the class that the ensemble gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt
import torch

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.labelling.block_interpolation import Bags, Blocks, LogitPlane, bounds_between, interpolated
from hnseg.inference.labelling.finished_plane import FinishedPlane, MemberLogits
from hnseg.inference.labelling.label_plane import LabelRule, Largest, Mask, Outputs, label_rule_of
from hnseg.inference.labelling.member_entropy import entropies_of_classes, entropies_of_regions
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.preprocessing.axis_map import AxisMap

_MARGIN = 20.0
"""Distance of a logit from the largest, or from 0, at which its class or region adds under 5e-8 to an entropy."""
_SEEN = 0.999  # of the voxels that one is interpolated from, by weight: all of them, but for rounding

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MemberPlane:
    """Plane of the members' logits, prepared for all planes of the image beside it.

    Attributes:
        mean: Logits (k, y, x) of the ensemble.
        members: Logits (m * k, y, x) of its members.
        is_seen: Voxels (m, y, x) that each member has seen, 1 or 0.
    """

    mean: LogitPlane
    members: LogitPlane
    is_seen: LogitPlane

    @property
    def count(self) -> int:
        """Number of members."""
        return len(self.is_seen.logits)

    def first(self, count: int) -> MemberPlane:
        """Return the same plane with only the first so many of its members."""
        if count == self.count:
            return self
        kept = self.members.logits[: len(self.members.logits) // self.count * count]
        return replace(
            self,
            members=replace(self.members, logits=kept),
            is_seen=replace(self.is_seen, logits=self.is_seen.logits[:count]),
        )


@dataclass(frozen=True)
class PlaneCounts:
    """Counts of one plane of the image, for a table of structures.

    Attributes:
        shared: Voxels (k, 1 + m, 1 + m) of each output that two have both, and on the diagonal that one has; the first
            of them is the ensemble, the others its members. A member has the ensemble's where it saw nothing.
        entropy: Sum (k,) of the predictive entropy over the ensemble's voxels of each output.
        seen_by: Number (1 + m,) of voxels that were seen by so many members.
    """

    shared: Counts
    entropy: npt.NDArray[np.float64]
    seen_by: Counts

    @classmethod
    def none(cls, outputs: int, members: int) -> PlaneCounts:
        """Return counts of 0."""
        shared = np.zeros((outputs, 1 + members, 1 + members), np.int64)
        return cls(shared, np.zeros(outputs), np.zeros(1 + members, np.int64))

    def of(self, members: int) -> PlaneCounts:
        """Return the same counts for so many members, of which those that are new have seen nothing."""
        own = len(self.seen_by)
        as_ensemble = [*range(own), *[0] * (1 + members - own)]
        seen_by = np.pad(self.seen_by, (0, 1 + members - own))
        return PlaneCounts(self.shared[:, as_ensemble][:, :, as_ensemble], self.entropy, seen_by)


@dataclass(frozen=True)
class _Block:
    """Block of a plane: its place, and the outputs that matter there."""

    near: Sequence[MemberPlane]
    weight: float
    rows: Bags
    columns: Bags
    outputs: npt.NDArray[np.intp]

    @property
    def voxels(self) -> int:
        """Number of voxels of the image in it."""
        return prod(part.stop - part.start for part in (self.rows.new, self.columns.new))

    def mean_logits(self) -> torch.Tensor:
        """Return the ensemble's logits (outputs, x, y)."""
        return self._of([plane.mean for plane in self.near], self.outputs)

    def member_logits(self, members: int, outputs: int) -> torch.Tensor:
        """Return the members' logits (m, outputs, x, y)."""
        places = (np.arange(members)[:, None] * outputs + self.outputs).ravel()
        logits = self._of([plane.members for plane in self.near], places)
        return logits.view(members, len(self.outputs), *logits.shape[1:])

    def counts(self, members: int) -> torch.Tensor:
        """Return whether each member counts, (m, x, y): it has seen all that a voxel is interpolated from."""
        seen = self._of([plane.is_seen for plane in self.near], np.arange(members))
        return (seen > _SEEN).float()

    def _of(self, near: Sequence[LogitPlane], places: npt.NDArray[np.intp]) -> torch.Tensor:
        return interpolated(near, self.weight, self.rows, self.columns, torch.from_numpy(places))


class UncertaintyPlane:
    """Entropy and mutual information of planes that all have the same two axes."""

    def __init__(
        self,
        rows: AxisMap,
        columns: AxisMap,
        dataset: Dataset,
        members: int,
        temperatures: Sequence[float] | None = None,
    ) -> None:
        """Prepare for planes of an image.

        Args:
            rows: Interpolation along the first axis of a plane.
            columns: Interpolation along the second.
            dataset: Outputs of the network, and whether they are regions.
            members: Number of members, m.
            temperatures: Temperature of each class; None where the model is not calibrated, or has regions.
        """
        self._rule: LabelRule = label_rule_of(dataset)
        self._temperatures = None if temperatures is None else torch.tensor(temperatures)
        self._margin = _MARGIN * max(1.0, *(temperatures or (1.0,)))
        self._outputs, self._members = len(dataset.output_values), members
        self._blocks = Blocks(rows, columns, members * self._outputs)

    def prepared(self, plane: FinishedPlane, members: MemberLogits) -> MemberPlane:
        """Return a plane of logits as `fill` takes it, once for all planes of the image beside it."""
        flat = members.logits.reshape(-1, *members.logits.shape[2:])
        is_seen = members.is_seen.astype(np.float32)
        return MemberPlane(*map(self._blocks.prepared, (plane.mean, flat, is_seen)))

    def fill(
        self, entropy: FloatArray, mutual_information: FloatArray, near: Sequence[MemberPlane], weight: float = 0.0
    ) -> PlaneCounts:
        """Set the entropies of every voxel of a plane, and count its structures.

        Args:
            entropy: Predictive entropies (y, x) to set; may be a view.
            mutual_information: Mutual information (y, x) to set; may be a view.
            near: Plane that it lies on, or the two that it lies between.
            weight: Weight of the second of two, 0 to 1; the first has the rest.
        """
        counts = PlaneCounts.none(self._outputs, self._members)
        matters = self._matters(near, weight)
        is_seen = bounds_between([plane.is_seen for plane in near], weight)[0].min(axis=0) > _SEEN
        for row, rows in enumerate(self._blocks.rows):
            for column, columns in enumerate(self._blocks.columns):
                block = _Block(near, weight, rows, columns, np.flatnonzero(matters[:, row, column]))
                found = self._fill_block(block, counts, is_seen_by_all=bool(is_seen[row, column]))
                for array, values in zip((entropy, mutual_information), found, strict=True):
                    array[rows.new, columns.new].T[...] = values
        return counts

    def _fill_block(
        self, block: _Block, counts: PlaneCounts, *, is_seen_by_all: bool
    ) -> tuple[npt.NDArray[np.float32] | float, npt.NDArray[np.float32] | float]:
        """Return both entropies of a block, and add to the counts of its plane."""
        who = None if is_seen_by_all else block.counts(self._members)
        _count_seen(block, who, counts)
        settled = self._rule.settled(block.outputs)
        if settled is not None:
            if isinstance(self._rule, Largest):
                counts.shared[settled] += block.voxels
            return 0.0, 0.0
        logits = block.member_logits(self._members, self._outputs)
        masks = self._masks(block, logits, who)
        counts.shared[block.outputs] += torch.einsum("akv,bkv->kab", masks, masks).round().long().numpy()
        entropies_of = entropies_of_classes if isinstance(self._rule, Largest) else entropies_of_regions
        entropy, mutual_information = entropies_of(self._calibrated(logits, block.outputs, masks[0]), who)
        counts.entropy[block.outputs] += (masks[0].double() @ entropy.reshape(-1).double()).numpy()
        return entropy.numpy(), mutual_information.numpy()

    def _calibrated(self, logits: torch.Tensor, outputs: Outputs, ensemble: torch.Tensor) -> torch.Tensor:
        """Return the members' logits (m, outputs, x, y) over the temperatures of the ensemble's classes.

        Args:
            logits: Logits of the members in a block.
            outputs: Outputs that they are of.
            ensemble: Voxels (outputs, voxels), 1 or 0, that the ensemble gives each of them.
        """
        if self._temperatures is None:
            return logits
        temperatures = self._temperatures[torch.as_tensor(np.asarray(outputs))] @ ensemble
        return logits / temperatures.view(logits.shape[2:])

    def _masks(self, block: _Block, logits: torch.Tensor, who: torch.Tensor | None) -> torch.Tensor:
        """Return the voxels (1 + m, outputs, voxels), 1 or 0, of each output: the ensemble's and each member's."""
        ensemble = self._mask(block.outputs, block.mean_logits())
        members = [self._mask(block.outputs, each) for each in logits]
        if who is not None:
            members = [torch.where(seen > 0, own, ensemble) for own, seen in zip(members, who, strict=True)]
        return torch.stack([ensemble, *members]).flatten(start_dim=2).float()

    def _mask(self, outputs: Outputs, logits: torch.Tensor) -> torch.Tensor:
        """Return the voxels (outputs, x, y) of each output by the rule of labels."""
        if not isinstance(self._rule, Largest):
            return logits.sigmoid() > 0.5
        labels = torch.as_tensor(np.asarray(self._rule.at_once(outputs, logits), np.int64))
        return labels == torch.as_tensor(np.asarray(outputs))[:, None, None]

    def _matters(self, near: Sequence[MemberPlane], weight: float) -> Mask:
        """Return, for each output and block, whether it adds to an entropy or has a voxel there."""
        low, high = bounds_between([plane.members for plane in near], weight)
        shape = (self._members, self._outputs, *low.shape[1:])
        lowest, highest = np.minimum(low, high).reshape(shape), high.reshape(shape)
        bar = lowest.max(axis=1, keepdims=True) if isinstance(self._rule, Largest) else 0.0
        adds = (highest > bar - self._margin).any(axis=0)
        has_voxels = self._rule.possible(*bounds_between([plane.mean for plane in near], weight))
        matters: Mask = adds | has_voxels
        return matters


def _count_seen(block: _Block, who: torch.Tensor | None, counts: PlaneCounts) -> None:
    """Add a block's voxels to those that were seen by so many members."""
    if who is None:
        counts.seen_by[-1] += block.voxels
    else:
        by = who.sum(dim=0).long().reshape(-1)
        counts.seen_by[:] += torch.bincount(by, minlength=len(counts.seen_by)).numpy()
