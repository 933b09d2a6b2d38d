"""Sample of an image that its artefacts are judged on: a block of its own voxels, and a coarse copy of the whole.

Noise and spikes need neighbouring voxels, but not all of them; a bias field needs the whole body, but few of its
voxels. So neither time nor memory grow with the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.body import Mask, largest_body
from hnseg.imaging.geometry import FloatArray
from hnseg.imaging.modality import Modality

BLOCK_VOXELS = 128
"""Largest size of the block along an axis."""

_COARSE_VOXELS = 64  # largest size of the coarse copy along an axis
_AIR_HU = -1024.0
_BODY_SHARE: dict[Modality, float] = {"ct": 0.2, "pet": 0.2, "mr": 0.1, "unknown": 0.2}
"""Signal of the body as a share of the brightest hundredth's: below fat, muscle and brain, above air."""


@dataclass(frozen=True)
class Sample:
    """Sample of an image.

    Attributes:
        block: Voxels of the image as they are, float32 (z, y, x), at most 128 along an axis, about the body's middle.
        block_body: Mask of the body in the block, (z, y, x), to within a voxel of the coarse copy.
        coarse: Signal of voxels at equal steps over the whole image, each averaged with its neighbours among these,
            (z, y, x): a CT's HU above -1024, the value of any other image, and at least 0.
        coarse_body: Mask of the body in `coarse`: all False where none was found.
    """

    block: FloatArray
    block_body: Mask
    coarse: npt.NDArray[np.float64]
    coarse_body: Mask


def sample_of(image: sitk.Image, modality: Modality) -> Sample:
    """Return a sample of an image, in some 30 MiB.

    The body is the largest piece whose signal is over a fifth of the 99th percentile, of an MR over a tenth: relative,
    since a bias field multiplies it.

    Args:
        image: Scalar 3-D image of finite values, of any size and direction.
        modality: Modality; a CT is in Hounsfield units.

    >>> sample_of(sitk.Image(300, 200, 1, sitk.sitkInt16), "mr").block.shape
    (1, 128, 128)
    """
    voxels = sitk.GetArrayViewFromImage(image)
    steps = tuple(-(-size // _COARSE_VOXELS) for size in voxels.shape)
    coarse = ndimage.uniform_filter(voxels[tuple(slice(None, None, step) for step in steps)].astype(np.float64), 3)
    if modality == "ct":
        coarse -= _AIR_HU
    np.maximum(coarse, 0, out=coarse)
    body = largest_body(coarse > _BODY_SHARE[modality] * np.percentile(coarse, 99))
    block = tuple(_span(size, along) for size, along in zip(voxels.shape, _middle(body, steps), strict=True))
    nearest = [np.arange(part.start, part.stop) // step for part, step in zip(block, steps, strict=True)]
    return Sample(voxels[block].astype(np.float32), body[np.ix_(*nearest)], coarse, body)


def _middle(body: Mask, steps: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the index (z, y, x) of the body's middle in the image; that of the image where there is no body."""
    inside = np.argwhere(body)
    middle = inside.mean(axis=0) if len(inside) else np.array(body.shape) / 2
    return np.asarray(middle * np.array(steps), dtype=np.float64)


def _span(size: int, middle: float) -> slice:
    """Return the part of an axis that is in the block: about a middle, inside the image."""
    length = min(size, BLOCK_VOXELS)
    first = min(max(0, round(middle - length / 2)), size - length)
    return slice(first, first + length)
