"""Sample of an image's voxels, with the logits that the networks give them, taken plane by plane as these come.

The logits of all voxels are never there at once: one plane of the image is interpolated as for its label map, and its
voxels of the sample are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.errors import InputError
from hnseg.imaging.geometry import FloatArray
from hnseg.inference.labelling.finished_plane import FinishedPlane
from hnseg.inference.labelling.label_map import Target

MOST_LOGITS = 2**25
"""Most logits of a sample: 128 MiB in single precision."""


class LogitSamples:
    """Random voxels of an image and their logits, filled plane by plane beside the label map.

    Voxels where the image was cropped are none of them, since no network has seen these.
    """

    def __init__(self, target: Target, rng: np.random.Generator, *, members: int = 0) -> None:
        """Draw the voxels, all of them where their logits are at most `MOST_LOGITS`.

        Args:
            target: Grid of the image, and the way of logits to it; it must be gradual.
            rng: Generator that draws the voxels.
            members: Number of members whose own logits are kept; 0 for the ensemble's mean.
        """
        self._target, self._members = target, members
        kept = MOST_LOGITS / (max(1, members) * len(target.dataset.output_values))
        chance = kept / np.prod(target.planes_in(np.empty(target.grid.shape_zyx, np.bool_)).shape)
        drawn = rng.random(target.grid.shape_zyx, np.float32) < chance
        self._drawn = target.planes_in(drawn)
        self._taken: list[FloatArray] = []

    def beside(self, planes: Iterable[FinishedPlane]) -> Iterator[FinishedPlane]:
        """Yield planes as they come, from the first on, and keep the logits of the voxels that they complete.

        Raises:
            InputError: Members' own logits are to be kept, but planes come without them for want of memory.
        """
        along, rows, columns = self._target.axes()
        near: deque[FloatArray] = deque()
        waiting = deque(enumerate(along.pieces(1)))
        for arrived, plane in enumerate(planes, start=1):
            yield plane
            near.append(self._logits(plane))
            while waiting and waiting[0][1].old.stop <= arrived:
                number, piece = waiting.popleft()
                while arrived - len(near) < piece.old.start:
                    near.popleft()
                mixed = np.tensordot(piece.weights[0], np.stack(near), axes=1)
                logits = columns.along(rows.along(mixed, 1), 2)
                self._taken.append(logits[:, self._drawn[number]].T.copy())

    def logits(self) -> FloatArray:
        """Return the logits (n, k), or of members (n, m, k), float32, once every plane has come."""
        taken = np.concatenate(self._taken)
        return taken.reshape(len(taken), self._members, -1) if self._members else taken

    def of(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the values (n,) that an array (z, y, x) on the image's grid has at the voxels, in their order."""
        taken: npt.NDArray[Any] = self._target.planes_in(array)[self._drawn]
        return taken

    def _logits(self, plane: FinishedPlane) -> FloatArray:
        """Return the logits (k or m * k, y, x) to keep."""
        if not self._members:
            return plane.mean
        if plane.members is None:
            raise InputError(
                f"The logits of all {self._members} networks must fit into memory to be kept one by one, but they don't"
                " for this image. Is it very large, or does something else take the memory?"
            )
        return plane.members.logits.reshape(-1, *plane.members.logits.shape[2:])
