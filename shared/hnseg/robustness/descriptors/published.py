"""Thirteen descriptors of a reference as Schanne, Cuenot et al. computed them, on voxels of 1 mm3, for reproduction.

Some do not measure what their name says: the surface is a number of voxels, averaged over pieces; compactness has an
arbitrary factor and grows with irregularity; the boundary length counts voxels with a response to Sobel's filter along
z; entropy is that of the mask, a function of its volume. `hnseg.robustness.descriptors.meant` has what is meant.
Source: their code, `Analysis` of Leandre354/ECEProject at 6da2cb0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.components import number_components

SUFFIX = "_as_published"
"""End of the names of these descriptors."""

Mask = npt.NDArray[np.bool_]
_SCALE = 20  # of surface and volume in the compactness


def published_descriptors(mask: Mask, images: Mapping[str, npt.NDArray[Any]]) -> dict[str, float]:
    """Return the descriptors of a reference.

    Args:
        mask: Voxels of the structure, (z, y, x).
        images: Intensities by modality, CT and PET, on the same voxels.

    Returns:
        Values by name, in the publication's order; NaN for an empty mask.
    """
    shape = _shape(mask)
    last = {name: shape.pop(name) for name in ("regions", "entropy")}
    values = {**shape, **_intensities(mask, images), **last}
    return {f"{name}{SUFFIX}": value if mask.any() else float("nan") for name, value in values.items()}


def _intensities(mask: Mask, images: Mapping[str, npt.NDArray[Any]]) -> dict[str, float]:
    inside = {name: image[mask].astype(np.float64) for name, image in images.items()}
    outside = {name: _or_nan(np.mean, image[~mask]) for name, image in images.items()}
    variability = {f"{name}_variability": _or_nan(np.std, voxels) for name, voxels in inside.items()}
    contrast = {f"{name}_contrast": _or_nan(np.mean, voxels) - outside[name] for name, voxels in inside.items()}
    extremes = {
        f"{name}_{key}": _or_nan(statistic, inside[name])
        for name, key, statistic in (("PET", "max", np.max), ("CT", "mean", np.mean))
        if name in inside
    }
    return {**variability, **contrast, **extremes}


def published_compactness(*, surface: float, volume: float) -> float:
    """Return the compactness of a piece from its numbers of surface voxels and of voxels.

    >>> round(published_compactness(surface=2000, volume=10000), 4)
    0.0354
    """
    return float((surface / _SCALE) ** 3 / (36 * np.pi * (volume / _SCALE) ** 2))


def published_entropy(*, voxels: int, of: int) -> float:
    """Return the entropy, in nats, of the two values of a mask with a number of voxels of all.

    >>> round(published_entropy(voxels=1, of=2), 4)
    0.6931
    """
    part = voxels / of
    return float(-sum(share * np.log(share) for share in (part, 1 - part) if share))


def _shape(mask: Mask) -> dict[str, float]:
    numbered, _ = number_components(mask, connectivity=6)
    pieces = [numbered == number for number in range(1, int(numbered.max(initial=0)) + 1)]
    volumes = [int(piece.sum()) for piece in pieces]
    surfaces = [int((piece ^ ndimage.binary_erosion(piece)).sum()) for piece in pieces]
    compactness = [published_compactness(surface=s, volume=v) for s, v in zip(surfaces, volumes, strict=True)]
    centre = np.array(ndimage.center_of_mass(mask)) if pieces else np.full(3, np.nan)
    # Their arrays are (x, y, z): the last axis of the filter is our first.
    response = ndimage.sobel(mask, axis=0).view(np.uint8)  # of a mask a mask, but with bytes other than 0 and 1
    return {
        "volume": float(mask.sum()),
        "surface": _or_nan(np.mean, np.array(surfaces)),
        "compactness": _or_nan(np.mean, np.array(compactness)),
        "centroid_distance": float(np.linalg.norm(centre - np.array(mask.shape) / 2)),
        "boundary_length": float(np.count_nonzero(response)),
        "regions": float(len(pieces)),
        "entropy": published_entropy(voxels=int(mask.sum()), of=mask.size),
    }


def _or_nan(statistic: Any, values: npt.NDArray[Any]) -> float:
    return float(statistic(values)) if len(values) else float("nan")
