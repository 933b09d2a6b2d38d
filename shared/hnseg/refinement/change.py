"""Change that a click made: millilitres of each structure, what was held back, and whether the click was followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hnseg.imaging.prompts.click import Click

Flows = Mapping[tuple[int, int], int]
"""Number of voxels by their former and their new label."""


@dataclass(frozen=True)
class StructureChange:
    """Change of one structure, in millilitres."""

    before_ml: float
    after_ml: float
    added_ml: float
    removed_ml: float


@dataclass(frozen=True)
class Change:
    """Change that one click made.

    Attributes:
        click: Click, with the structure that it was taken for.
        structures: Change of each of the model's structures, by name.
        voxels: Number of voxels whose label changed.
        held_back_voxels: Number of voxels whose label the networks would have changed, had the guard not held them.
        held_back_ml: Their volume.
        is_followed: Whether the clicked voxel is the structure now, or of a negative click is not.
        first_s: Seconds to the first label map: that of one fold, or of all where only those were asked.
        final_s: Seconds to the final one.
    """

    click: Click
    structures: Mapping[str, StructureChange]
    voxels: int
    held_back_voxels: int
    held_back_ml: float
    is_followed: bool
    first_s: float
    final_s: float


def structure_changes(
    flows: Flows, before: Mapping[int, int], values: Mapping[str, int], voxel_ml: float
) -> dict[str, StructureChange]:
    """Return the change of each structure.

    Args:
        flows: Number of voxels by their former and their new label.
        before: Number of voxels of each label before, by its value.
        values: Value of each structure in the label map.
        voxel_ml: Volume of a voxel in millilitres.

    >>> structure_changes({(0, 1): 30, (2, 1): 10}, {0: 900, 1: 60, 2: 40}, {"GTVp": 1}, 0.001)["GTVp"]
    StructureChange(before_ml=0.06, after_ml=0.1, added_ml=0.04, removed_ml=0.0)
    """
    changes = {}
    for name, value in values.items():
        added = sum(count for (old, new), count in flows.items() if new == value != old)
        removed = sum(count for (old, new), count in flows.items() if old == value != new)
        voxels = (before.get(value, 0), before.get(value, 0) + added - removed, added, removed)
        changes[name] = StructureChange(*(round(count * voxel_ml, 6) for count in voxels))
    return changes
