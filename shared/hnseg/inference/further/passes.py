"""Passes of the members beyond the folds: each by its fold's network, on tiles of its own changed volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from hnseg.imaging.box import Slices
from hnseg.inference.execution import Execution
from hnseg.inference.further.augmentation import Volume
from hnseg.inference.further.members import FurtherMember


@dataclass(frozen=True)
class FurtherPasses:
    """Passes of members beyond the folds, for one image.

    Attributes:
        members: Members, in the order in which they are predicted.
        spacing_mm: Spacing (z, y, x) of the network's grid.
        images: Number of channels that are images; those after them are of prompts.
    """

    members: tuple[FurtherMember, ...]
    spacing_mm: Sequence[float]
    images: int

    @torch.inference_mode()
    def logits(
        self, number: int, execution: Execution, array: torch.Tensor, boxes: Sequence[Slices]
    ) -> torch.Tensor | None:
        """Return a member's logits (n, k, z, y, x) of n tiles, in their places; None where any is not finite.

        Args:
            number: Index of the member.
            execution: Execution of the networks' passes.
            array: Input of the network (c, z, y, x), padded to a patch.
            boxes: Voxels of each tile.
        """
        member, volume = self.members[number], Volume(array, self.spacing_mm, self.images)
        found: list[torch.Tensor] = []
        together = execution.layout.copies_together
        for first in range(0, len(boxes), together):
            group = boxes[first : first + together]
            copies = [(member.change.tile(volume, box), member.change.axes) for box in group]
            seeds = member.seeds([tuple(part.start for part in box) for box in group])
            # Each is copied: it may lie in memory that the next pass takes back.
            found.extend(
                member.change.undone(of_tile, self.spacing_mm).clone()
                for of_tile in execution.logits_of(member.fold, copies, seeds)
            )
            execution.backend.wait()
        execution.backend.release(member.fold)
        logits = torch.stack(found)
        return logits if logits.isfinite().all() else None
