"""Share of a case's time for the first stage of a cascade, by the passes that both stages are expected to take."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.tiling import Shape3, Window, patch_3d

_LEAST = 0.2  # of the time that is left: without a label map of the first stage there is none at all


def expected_voxels(network_shape: Shape3, patch_size: tuple[int, ...], *, step: float, effort: TileEffort) -> int:
    """Return the number of voxels that pass through a network: what one takes is taken to be in proportion.

    Both networks of a cascade have the same features in each level, as nnU-Net plans them.

    Args:
        network_shape: Size of the network's grid in voxels.
        patch_size: Size of a patch in voxels.
        step: Distance between tiles as a fraction of the patch.
        effort: Effort for each tile.
    """
    return round(tiles_of(network_shape, patch_size, step) * effort.passes * prod(patch_size))


def tiles_of(network_shape: Shape3, patch_size: tuple[int, ...], step: float) -> int:
    """Return the number of tiles of a volume, a fraction of a patch apart, where none is skipped."""
    patch = patch_3d(patch_size)
    z, y, x = (max(sizes) for sizes in zip(network_shape, patch, strict=True))
    return Window((z, y, x), patch, is_flat=len(patch_size) == 2).tiling(step).count


def first_stage_deadline(deadline: Deadline, *, first: int, second: int) -> Deadline:
    """Return the deadline of a cascade's first stage; what it leaves of its time goes to the second.

    Args:
        deadline: Deadline of the case.
        first: Voxels that pass through the networks of the first stage; see `expected_voxels`.
        second: Those of the second.
    """
    if not deadline.is_limited:
        return deadline
    share = max(_LEAST, first / (first + second))
    return replace(deadline, limit_s=deadline.elapsed_s() + share * max(0.0, deadline.remaining_s()))
