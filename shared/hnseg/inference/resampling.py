"""nnU-Net's resampling of one volume to another number of voxels over the same extent.

Voxel centres lie at (i + 0.5) of a voxel, so that the outer faces of both grids coincide. Where one axis has much
thicker slices than the others ("separate z"), slices are resampled in their plane and repeated along that axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import map_coordinates, zoom
from torch.nn.functional import interpolate

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.plans import Resampling, Spline, SplineOrder

Shape = tuple[int, ...]
_LINEAR = {2: "bilinear", 3: "trilinear"}


def resample(
    volume: FloatArray, shape: Shape, resampling: Resampling, *, from_mm: Sequence[float], to_mm: Sequence[float]
) -> FloatArray:
    """Return a volume with another number of voxels.

    Args:
        volume: (z, y, x), any axis order as long as the spacings have the same.
        shape: Of the result.
        resampling: As the plans ask for it.
        from_mm: Spacing of the volume; like `to_mm` it only decides whether an axis is resampled apart.
        to_mm: Spacing of the result.

    Returns:
        The volume itself when it has that shape already.
    """
    if volume.shape == shape:
        return volume
    is_spline = isinstance(resampling, Spline)
    resize = partial(_resize_by_spline, order=resampling.order) if isinstance(resampling, Spline) else _resize_linearly
    axis = axis_apart(resampling, from_mm, to_mm)
    if axis is None:
        return resize(volume, shape)
    result = np.empty(shape, np.float32)
    source, target = np.moveaxis(volume, axis, 0), np.moveaxis(result, axis, 0)
    nearest = _nearest_in_scipy if is_spline else _nearest_in_torch
    taken = nearest(len(source), len(target))
    for index in np.unique(taken):
        target[taken == index] = resize(source[index], target.shape[1:])
    return result


def axis_apart(resampling: Resampling, from_mm: Sequence[float], to_mm: Sequence[float]) -> int | None:
    """Return the axis that is resampled apart, by nearest neighbour, or None.

    nnU-Net takes the axis of largest spacing of the first of the two grids that is anisotropic enough, and none when
    two axes share the largest spacing.
    """
    if resampling.force_separate_z is False:
        return None
    threshold = resampling.separate_z_anisotropy_threshold
    anisotropic = [mm for mm in (from_mm, to_mm) if max(mm) / min(mm) > threshold]
    if resampling.force_separate_z:
        anisotropic = [from_mm]
    if not anisotropic:
        return None
    thickest = [axis for axis, mm in enumerate(anisotropic[0]) if mm == max(anisotropic[0])]
    return thickest[0] if len(thickest) == 1 else None


def _resize_by_spline(volume: FloatArray, shape: Shape, *, order: SplineOrder) -> FloatArray:
    """Resize as `skimage.transform.resize` does with mode edge, no anti-aliasing and clipping to the input's range."""
    if volume.shape == shape:
        return volume
    factors = [1 / (old / new) for old, new in zip(volume.shape, shape, strict=True)]
    # scipy computes in float64 and rounds to float32 once, as nnU-Net does by way of float64 copies.
    resized: FloatArray = zoom(volume, factors, output=np.float32, order=order, mode="nearest", grid_mode=True)
    if order > 1:  # lower orders can't overshoot
        np.clip(resized, volume.min(), volume.max(), out=resized)
    return resized


def _resize_linearly(volume: FloatArray, shape: Shape) -> FloatArray:
    tensor = torch.from_numpy(np.ascontiguousarray(volume))[None, None]
    resized: FloatArray = interpolate(tensor, shape, mode=_LINEAR[volume.ndim])[0, 0].numpy()
    return resized


def _nearest_in_scipy(old: int, new: int) -> npt.NDArray[np.intp]:
    """Return the old index that each new one takes, by scipy's rounding."""
    position = old / new * (np.arange(new) + 0.5) - 0.5
    taken: npt.NDArray[np.float64] = map_coordinates(np.arange(old, dtype=float), [position], order=0, mode="nearest")
    return taken.astype(np.intp)


def _nearest_in_torch(old: int, new: int) -> npt.NDArray[np.intp]:
    """Return the old index that each new one takes, by torch's rounding."""
    indices = torch.arange(old, dtype=torch.float32)[None, None]
    return interpolate(indices, new, mode="nearest-exact")[0, 0].numpy().astype(np.intp)
