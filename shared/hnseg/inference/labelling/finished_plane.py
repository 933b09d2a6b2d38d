"""Plane of logits on the network's grid that no further tile will reach: of the ensemble, and of each of its members.

A member is one of the predictions that an ensemble's is the mean of: a fold, with the mean over its mirrored copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray


@dataclass(frozen=True)
class MemberLogits:
    """Logits of each member in a plane.

    Attributes:
        logits: Logits (m, k, y, x), float32; of classes, each voxel's may all be less by one number.
        is_seen: Voxels (m, y, x) that each member has seen; of the others its logits are 0.
    """

    logits: FloatArray
    is_seen: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FinishedPlane:
    """Plane of logits of k classes or regions, of the image only, in memory of its own.

    Attributes:
        mean: Logits (k, y, x), float32, the mean over all passes.
        members: Logits of each member; None where they were not kept.
    """

    mean: FloatArray
    members: MemberLogits | None = None
