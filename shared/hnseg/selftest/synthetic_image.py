"""Synthetic images for any model, on the network's own grid, positive everywhere so that all is used."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.tiling import Shape3

_BLOCK = 64  # voxels of the noise along each axis, after which it comes again
_BLUR = 1.5  # standard deviation in voxels: structures of a few voxels, as organs have them
_MEAN, _STD, _LEAST, _MOST = 100.0, 40.0, 1.0, 255.0
"""Intensities that every normalisation takes: soft tissue in HU, a colour channel, or any MR."""
_BODY = 0.6  # of the image's width and depth; the rest is air
_ORGANS = 40
_ORGAN = (0.02, 0.06)  # radius along an axis, of the image's size along it


def body_channels(bundle: Bundle, shape: Shape3, *, finer: float = 1.0) -> Channels:
    """Return channels of a body in air with homogeneous organs, most of whose voxels lie in one label, as in real ones.

    Args:
        bundle: Model, for the number of channels, the spacing and the order of axes.
        shape: Size in voxels along the network's axes.
        finer: Number of the image's voxels to one of the network's, along the last two axes of the network.

    Returns:
        Channels (c, z, y, x) on a grid without rotation, the same for the same arguments.
    """
    grid = _grid(bundle, shape, finer)
    return Channels(np.repeat(_body(grid.shape_zyx)[None], len(bundle.image_channels), axis=0), grid)


def noise_channels(bundle: Bundle, shape: Shape3) -> Channels:
    """Return channels of smooth noise, to which an untrained network gives all of its labels.

    Args:
        bundle: Model, for the number of channels, the spacing and the order of axes.
        shape: Size in voxels along the network's axes.

    Returns:
        Channels (c, z, y, x) on a grid without rotation, the same for the same arguments.
    """
    grid, rng = _grid(bundle, shape, 1.0), np.random.default_rng(0)
    return Channels(np.stack([_noise(rng, grid.shape_zyx) for _ in bundle.image_channels]), grid)


def _grid(bundle: Bundle, shape: Shape3, finer: float) -> Grid:
    network_mm = bundle.configuration.spacing_mm((1.0, 1.0, 1.0))
    size, spacing = [0, 0, 0], [0.0, 0.0, 0.0]
    ratios = (1.0, finer, finer)
    for axis, voxels, mm, ratio in zip(bundle.plans.transpose_forward, shape, network_mm, ratios, strict=True):
        size[axis], spacing[axis] = round(voxels * ratio), mm / ratio
    (z, y, x), (z_mm, y_mm, x_mm) = size, spacing
    return Grid((x, y, z), (x_mm, y_mm, z_mm), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def _noise(rng: np.random.Generator, shape_zyx: Shape3) -> FloatArray:
    """Return smooth noise (z, y, x), one block of it set side by side."""
    block = gaussian_filter(rng.normal(size=(_BLOCK,) * 3), _BLUR, mode="wrap")
    block = np.clip(_MEAN + _STD * block / block.std(), _LEAST, _MOST).astype(np.float32)
    z, y, x = shape_zyx
    return np.tile(block, [-(-n // _BLOCK) for n in shape_zyx])[:z, :y, :x]


def _body(shape_zyx: Shape3) -> FloatArray:
    """Return a body (z, y, x), an elliptic cylinder of one intensity with ellipsoids of others in it."""
    rng = np.random.default_rng(0)
    volume = np.full(shape_zyx, _LEAST, np.float32)
    _, y, x = np.ogrid[tuple(slice(-1.0, 1.0, n * 1j) for n in shape_zyx)]
    volume[:, (y[0] ** 2 + x[0] ** 2) < _BODY**2] = _MEAN
    size = np.array(shape_zyx)
    for _ in range(_ORGANS):
        radius = np.maximum(1, size * rng.uniform(*_ORGAN, 3))
        centre = size / 2 + size * rng.uniform(-0.18, 0.18, 3)
        low = np.maximum(0, np.floor(centre - radius)).astype(int)
        high = np.minimum(size, np.ceil(centre + radius) + 1).astype(int)
        box = tuple(slice(first, last) for first, last in zip(low, high, strict=True))
        distances = zip(np.ogrid[box], centre, radius, strict=True)
        inside = sum(((at - middle) / reach) ** 2 for at, middle, reach in distances) < 1
        volume[box][inside] = rng.uniform(_LEAST, _MOST)
    return volume
