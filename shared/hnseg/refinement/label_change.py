"""Change of a label map, kept in little memory: a box, and the former and the new labels of what changed in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.imaging.box import Slices
from hnseg.inference.labelling.label_plane import Labels

Mask = npt.NDArray[np.bool_]
_LEVEL = 6  # of zlib: masks of a few thousand voxels become some hundred bytes in a millisecond


@dataclass(frozen=True)
class LabelChange:
    """Change of an array of labels.

    Attributes:
        box: Smallest box around what changed; empty where nothing did.
        voxels: Number of voxels that changed.
    """

    box: Slices
    voxels: int
    _mask: bytes
    _former: bytes
    _new: bytes
    _dtype: np.dtype[Any]

    @classmethod
    def between(cls, former: Labels, new: Labels, changed: Mask, part: Slices) -> LabelChange:
        """Return a change of part of an array.

        Args:
            former: Labels of the part, of the array's type.
            new: New labels of the part.
            changed: Voxels of the part that take their new label.
            part: Place of the part in the array.
        """
        inner = _box_around(changed)
        mask = changed[inner]
        z, y, x = (slice(at.start + by.start, at.start + by.stop) for at, by in zip(part, inner, strict=True))
        labels = (each[inner][mask].astype(former.dtype) for each in (former, new))
        packed = [zlib.compress(content.tobytes(), _LEVEL) for content in (np.packbits(mask), *labels)]
        return cls((z, y, x), int(mask.sum()), packed[0], packed[1], packed[2], former.dtype)

    def apply(self, array: Labels) -> None:
        """Give the voxels their new labels."""
        array[self.box][self.mask] = self._unpacked(self._new)

    def revert(self, array: Labels) -> None:
        """Give the voxels their former labels."""
        array[self.box][self.mask] = self._unpacked(self._former)

    @property
    def mask(self) -> Mask:
        """Voxels of the box that changed."""
        shape = [part.stop - part.start for part in self.box]
        bits = np.unpackbits(np.frombuffer(zlib.decompress(self._mask), np.uint8), count=int(np.prod(shape)))
        return bits.astype(np.bool_).reshape(shape)

    @property
    def flows(self) -> dict[tuple[int, int], int]:
        """Number of voxels by their former and their new label."""
        pairs = np.stack([self._unpacked(self._former), self._unpacked(self._new)])
        kinds, counts = np.unique(pairs, axis=1, return_counts=True)
        return {(int(old), int(new)): int(count) for (old, new), count in zip(kinds.T, counts, strict=True)}

    def _unpacked(self, packed: bytes) -> Labels:
        return np.frombuffer(zlib.decompress(packed), self._dtype)


def _box_around(mask: Mask) -> Slices:
    """Return the smallest box around what is set in a mask; an empty one where nothing is."""
    parts = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        parts.append(slice(int(hit[0]), int(hit[-1]) + 1) if len(hit) else slice(0, 0))
    z, y, x = parts
    return z, y, x
