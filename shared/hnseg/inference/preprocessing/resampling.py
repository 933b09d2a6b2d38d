"""Resampling of one volume to another number of voxels over the same extent, as in nnU-Net.

Voxel centres lie at (i + 0.5) of a voxel, so that the outer faces of both grids coincide. Where one axis has much
thicker slices than the others ("separate z"), slices are resampled in their plane and repeated along that axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.model.label_resampling import LabelResampling
from hnseg.inference.model.nnunet_resampling import NoResampling, Resampling, Spline, TorchLinear
from hnseg.inference.preprocessing.axis_map import AxisMap

Shape = tuple[int, ...]


def resample(
    volume: FloatArray, shape: Shape, resampling: Resampling, *, from_mm: Sequence[float], to_mm: Sequence[float]
) -> FloatArray:
    """Return a volume with another number of voxels.

    nnU-Net computes in float64 and rounds once; this differs from it by some 1e-6 of the intensities at most.

    Args:
        volume: Volume (z, y, x), in any axis order as long as the spacings have the same.
        shape: Shape of the result.
        resampling: Resampling that the plans ask for.
        from_mm: Spacing of the volume; like `to_mm` it only decides whether an axis is resampled apart.
        to_mm: Spacing of the result.

    Returns:
        A new volume, float32; the given one itself when it has that shape already.
    """
    if volume.shape == shape:
        return volume
    maps = axis_maps(volume.shape, shape, resampling, from_mm=from_mm, to_mm=to_mm)
    result = volume
    # The axis that makes the volume smallest comes first.
    for axis in sorted(range(volume.ndim), key=lambda axis: shape[axis] / volume.shape[axis]):
        result = maps[axis].along(result, axis)
    if isinstance(resampling, Spline) and resampling.order > 1:  # lower orders can't overshoot
        _clip_to_range(result, volume, maps, axis_apart(resampling, from_mm, to_mm))
    return result


def axis_maps(
    old: Shape, new: Shape, resampling: Resampling, *, from_mm: Sequence[float], to_mm: Sequence[float]
) -> list[AxisMap]:
    """Return the map of each axis for resampling from one shape to another; see `resample`."""
    apart = axis_apart(resampling, from_mm, to_mm)
    return [
        _axis_map(*lengths, resampling, nearest=axis == apart)
        for axis, lengths in enumerate(zip(old, new, strict=True))
    ]


def axis_apart(
    resampling: Resampling | LabelResampling, from_mm: Sequence[float], to_mm: Sequence[float]
) -> int | None:
    """Return the axis that is resampled apart, by nearest neighbour, or None.

    nnU-Net takes the axis of largest spacing of the first of the two grids that is anisotropic enough, and none when
    two axes share the largest spacing.
    """
    if isinstance(resampling, NoResampling) or resampling.force_separate_z is False:
        return None
    threshold = resampling.separate_z_anisotropy_threshold
    anisotropic = [mm for mm in (from_mm, to_mm) if max(mm) / min(mm) > threshold]
    if resampling.force_separate_z:
        anisotropic = [from_mm]
    if not anisotropic:
        return None
    thickest = [axis for axis, mm in enumerate(anisotropic[0]) if mm == max(anisotropic[0])]
    return thickest[0] if len(thickest) == 1 else None


def _axis_map(old: int, new: int, resampling: Resampling, *, nearest: bool) -> AxisMap:
    if isinstance(resampling, TorchLinear):
        return AxisMap.nearest_in_torch(old, new) if nearest else AxisMap.torch_linear(old, new)
    if isinstance(resampling, NoResampling):
        return AxisMap.identity(old)
    return AxisMap.nearest_in_scipy(old, new) if nearest else AxisMap.spline(old, new, resampling.order)


def _clip_to_range(resized: FloatArray, volume: FloatArray, maps: Sequence[AxisMap], apart: int | None) -> None:
    """Clip in place to the range of the volume that it was resized from, slice by slice where slices are apart."""
    others = tuple(axis for axis in range(volume.ndim) if axis != apart)
    low, high = volume.min(axis=others, keepdims=True), volume.max(axis=others, keepdims=True)
    if apart is not None:
        low, high = maps[apart].along(low, apart), maps[apart].along(high, apart)
    np.clip(resized, low, high, out=resized)
