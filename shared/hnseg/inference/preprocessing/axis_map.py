"""Matrix of the resampling along one axis, almost all of it zero.

Interpolation is linear in the voxels. Its matrix along an axis is found by giving unit vectors to the very routine that
nnU-Net calls, and applied in pieces without most of the zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import map_coordinates, zoom
from torch.nn.functional import interpolate

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.model.nnunet_resampling import SplineOrder

_NEGLIGIBLE = 1e-9  # a cubic spline's weights fall to it within 16 voxels
_PIECE = 64  # rows of a product: enough for its kernel to be fast, few enough to leave out most zeros


@dataclass(frozen=True)
class Piece:
    """Piece of an axis: neighbouring new voxels and the old ones that they are made of.

    Attributes:
        new: New voxels.
        old: Old voxels.
        weights: Weights (new, old) of the old voxels in the new ones.
    """

    new: slice
    old: slice
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class AxisMap:
    """Linear map from the voxels along one axis to new ones.

    Attributes:
        weights: Weights (new, old) of the old voxels in the new ones, float32.
    """

    weights: FloatArray

    @classmethod
    def identity(cls, length: int) -> AxisMap:
        """Return the map that leaves every voxel as it is."""
        return cls(np.eye(length, dtype=np.float32))

    @classmethod
    def spline(cls, old: int, new: int, order: SplineOrder) -> AxisMap:
        """Return the interpolation of `skimage.transform.resize` with mode edge, before it clips."""
        return cls.identity(old) if old == new else cls(_spline(old, new, order))

    @classmethod
    def torch_linear(cls, old: int, new: int) -> AxisMap:
        """Return the linear interpolation of `torch.nn.functional.interpolate`."""
        return cls(_of_units(old, new, lambda unit: _in_torch(unit, new, "linear")))

    @classmethod
    def nearest_in_scipy(cls, old: int, new: int) -> AxisMap:
        """Return the map to the nearest voxel by the rounding of `scipy.ndimage.map_coordinates`."""
        position = old / new * (np.arange(new) + 0.5) - 0.5
        taken: npt.NDArray[np.float64] = map_coordinates(
            np.arange(old, dtype=float), [position], order=0, mode="nearest"
        )
        return cls(_of_one_each(taken.astype(np.intp), old))

    @classmethod
    def nearest_in_torch(cls, old: int, new: int) -> AxisMap:
        """Return the map to the nearest voxel by torch's rounding (`nearest-exact`)."""
        return cls(_of_one_each(_in_torch(np.arange(old), new, "nearest-exact").astype(np.intp), old))

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every voxel as it is."""
        new, old = self.weights.shape
        return new == old and bool((self.weights == np.eye(old)).all())

    def pieces(self, length: int) -> list[Piece]:
        """Divide the new voxels into pieces of a length, the last one perhaps shorter."""
        pieces = []
        for first in range(0, len(self.weights), length):
            rows = self.weights[first : first + length]
            used = np.flatnonzero((np.abs(rows) > _NEGLIGIBLE).any(axis=0))
            old = slice(int(used[0]), int(used[-1]) + 1)
            pieces.append(Piece(slice(first, first + len(rows)), old, np.ascontiguousarray(rows[:, old])))
        return pieces

    def along(self, volume: FloatArray, axis: int) -> FloatArray:
        """Return a volume (z, y, x) whose voxels along an axis are the new ones."""
        if self.is_identity:
            return volume
        before, after = volume.shape[:axis], volume.shape[axis + 1 :]
        result = np.empty((*before, len(self.weights), *after), np.float32)
        # Viewed as (stacks, axis, rest), so that every product is of two matrices.
        rest = int(np.prod(after))
        source = torch.from_numpy(np.ascontiguousarray(volume)).view(-1, volume.shape[axis], rest)
        target = torch.from_numpy(result).view(-1, len(self.weights), rest)
        for piece in self.pieces(_PIECE):
            weights = torch.from_numpy(piece.weights)
            if rest == 1:
                torch.mm(source[:, piece.old, 0], weights.T, out=target[:, piece.new, 0])
                continue
            for stack, into in zip(source, target, strict=True):
                torch.mm(weights, stack[piece.old], out=into[piece.new])
        return result


@lru_cache(maxsize=16)
def _spline(old: int, new: int, order: SplineOrder) -> FloatArray:
    """Return scipy's results for unit vectors; it computes in float64 and filters where the order asks for it."""
    factor = 1 / (old / new)
    return _of_units(old, new, lambda unit: zoom(unit, factor, order=order, mode="nearest", grid_mode=True))


def _in_torch(line: npt.NDArray[Any], new: int, mode: str) -> FloatArray:
    """Return a line of voxels interpolated by torch in float32, as nnU-Net does: places are rounded with the voxels."""
    result: FloatArray = interpolate(torch.from_numpy(line).float()[None, None], new, mode=mode)[0, 0].numpy()
    return result


def _of_units(old: int, new: int, interpolated: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> FloatArray:
    """Return the weights (new, old) of an interpolation, column by column: what it makes of each unit vector."""
    weights = np.empty((new, old), np.float32)
    for column in range(old):
        unit = np.zeros(old)
        unit[column] = 1
        weights[:, column] = interpolated(unit)
    return weights


def _of_one_each(taken: npt.NDArray[np.intp], old: int) -> FloatArray:
    """Return the weights (new, old) of a map that takes one old voxel for each new one."""
    weights = np.zeros((len(taken), old), np.float32)
    weights[np.arange(len(taken)), taken] = 1
    return weights
