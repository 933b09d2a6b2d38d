"""Image prepared for comparison: its intensities in [0, 1], its body known, at several spacings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image, resample_label_map, within_mm
from hnseg.records import Frozen

THIN_MM = 6.0
"""Half of the greatest thickness of things that are no body: a couch, a head frame, a mask, a cushion's cover."""
BODY_MM = 4.0  # fine enough to find the body
MOST_COUNTED = 4_000_000  # voxels are enough to know a percentile


class Intensities(Frozen):
    """Meaning of an image's values for the registration. The defaults suit MR."""

    lowest: float = 0.0
    """Lowest value; smaller ones count as this one."""
    highest: float | None = None
    """Highest value; larger ones count as this one. Left out, the 99.5th percentile."""
    body_above: float | None = None
    """Threshold of the body; larger values are body. Left out, half of Otsu's threshold."""


HOUNSFIELD = Intensities(lowest=-1000.0, highest=1000.0, body_above=-350.0)


@dataclass(frozen=True)
class Level:
    """Image at one spacing.

    Attributes:
        image: Intensities, float32, in [0, 1].
        body: Mask of the patient's body, (z, y, x); may be empty.
    """

    image: sitk.Image
    body: npt.NDArray[np.bool_]

    @property
    def grid(self) -> Grid:
        """Grid of the image."""
        return Grid.of(self.image)

    def points_mm(self, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the centres of the voxels that a mask (z, y, x) selects: (n, 3), LPS."""
        return self.grid.points_mm(np.argwhere(where)[:, ::-1].astype(np.float64))

    def near_body(self, distance_mm: float) -> npt.NDArray[np.bool_]:
        """Return the mask (z, y, x) of voxels at most a distance away from the body."""
        return within_mm(self.body, distance_mm, self.grid)


def levels_of(image: sitk.Image, intensities: Intensities, *, spacings_mm: Sequence[float]) -> dict[float, Level]:
    """Return an image at each spacing.

    Args:
        image: Scalar 3-D image of finite values that are not all equal.
        intensities: Meaning of its values.
        spacings_mm: Spacings, rising; an axis that is coarser already keeps its spacing. The body is segmented at the
            one that is nearest to 4 mm, and is the same at all of them.
    """
    lowest = intensities.lowest
    highest = percentiles_of(image, (99.5,))[0] if intensities.highest is None else intensities.highest
    current = _shrunk(image, window=(lowest, highest), spacing_mm=spacings_mm[0])
    images = {}
    for spacing_mm in spacings_mm:
        images[spacing_mm] = current = _coarser(current, spacing_mm)
    coarse = images[min(spacings_mm, key=lambda spacing_mm: abs(spacing_mm - BODY_MM))]
    above = (
        _otsu(coarse) / 2 if intensities.body_above is None else (intensities.body_above - lowest) / (highest - lowest)
    )
    body = image_of(_body(array_of(coarse) > above, Grid.of(coarse)).astype(np.uint8), Grid.of(coarse))
    return {
        spacing_mm: Level(level, array_of(resample_label_map(body, Grid.of(level))).astype(bool))
        for spacing_mm, level in images.items()
    }


def percentiles_of(image: sitk.Image, percentiles: tuple[float, ...]) -> tuple[float, ...]:
    """Return percentiles of an image's values, of a large image's from evenly spaced voxels."""
    voxels = sitk.GetArrayViewFromImage(image).ravel()
    step = -(-voxels.size // MOST_COUNTED)
    return tuple(np.percentile(voxels[::step], percentiles).tolist())


def _shrunk(image: sitk.Image, *, window: tuple[float, float], spacing_mm: float) -> sitk.Image:
    """Return the means of blocks of voxels that are as large as a spacing allows, float32 and in [0, 1].

    Slice by slice: of the whole image there is never a second copy.
    """
    grid = Grid.of(image)
    along_x, along_y, along_z = (max(1, int(spacing_mm / own)) for own in grid.spacing_mm)
    x, y, z = (n // by for n, by in zip(grid.size_xyz, (along_x, along_y, along_z), strict=True))
    voxels = sitk.GetArrayViewFromImage(image)
    result = np.empty((z, y, x), np.float32)
    for number in range(z):
        slab = voxels[number * along_z : (number + 1) * along_z, : y * along_y, : x * along_x]
        slab = np.clip(slab.astype(np.float32), *window)
        result[number] = slab.reshape(along_z, y, along_y, x, along_x).mean(axis=(0, 2, 4))
    result -= window[0]
    result /= window[1] - window[0]
    by = np.array([along_x, along_y, along_z], np.float64)
    sx, sy, sz = (by * grid.spacing_mm).tolist()
    ox, oy, oz = grid.points_mm((by[np.newaxis] - 1) / 2)[0].tolist()
    return image_of(result, replace(grid, size_xyz=(x, y, z), spacing_mm=(sx, sy, sz), origin_mm=(ox, oy, oz)))


def _coarser(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    """Return an image smoothed and resampled along its own axes."""
    grid = Grid.of(image)
    x, y, z = (max(spacing_mm, own) for own in grid.spacing_mm)
    # The blur of the new voxel less the one that the old voxel has already, as a part of the old voxel.
    sigma_zyx = [0.42 * np.sqrt(new**2 - old**2) / old for new, old in zip((z, y, x), grid.spacing_zyx_mm, strict=True)]
    smooth = ndimage.gaussian_filter(array_of(image), sigma_zyx, mode="nearest")
    coarser = grid.respaced((x, y, z))
    # Where sizes were rounded up, the new outermost centres lie a little outside the old ones.
    padded: sitk.Image = sitk.ZeroFluxNeumannPad(image_of(smooth, grid), (1, 1, 1), (1, 1, 1))
    return resample_image(padded, coarser)


def _otsu(image: sitk.Image) -> float:
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(image)
    return float(otsu.GetThreshold())


def _body(bright: npt.NDArray[np.bool_], grid: Grid) -> npt.NDArray[np.bool_]:
    """Return the largest piece that is left when all that is thin is worn away, with its rim and its holes filled."""
    deep = ndimage.distance_transform_edt(bright, sampling=grid.spacing_zyx_mm) > THIN_MM
    core = _largest_piece(deep if deep.any() else bright)
    if not core.any():
        return core
    whole = _largest_piece(within_mm(core, THIN_MM + max(grid.spacing_mm), grid) & bright)
    return np.asarray(ndimage.binary_fill_holes(whole), dtype=bool)


def _largest_piece(mask: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return the largest connected piece; empty when the mask is."""
    numbered, _ = ndimage.label(mask)
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    return np.asarray((numbered == sizes.argmax()) & mask, dtype=bool)
