"""An image made ready to be compared: its intensities in [0, 1], its body known, at several spacings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image


class Intensities(BaseModel):
    """What the values of an image mean to the registration. The defaults suit MR."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: float = 0.0
    """Smaller values count as this one."""
    highest: float | None = None
    """Larger values count as this one; left out, the 99.5th percentile."""
    body_above: float | None = None
    """Larger values are body; left out, half of Otsu's threshold."""


@dataclass(frozen=True)
class Level:
    """An image at one spacing.

    Attributes:
        image: float32, in [0, 1].
        body: (z, y, x), where the patient is; may be empty.
    """

    image: sitk.Image
    body: npt.NDArray[np.bool_]

    @property
    def grid(self) -> Grid:
        """The grid of the image."""
        return Grid.of(self.image)

    def points_mm(self, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the centres of the voxels that a mask (z, y, x) selects: (n, 3), LPS."""
        return self.grid.points_mm(np.argwhere(where)[:, ::-1].astype(np.float64))

    def near_body(self, distance_mm: float) -> npt.NDArray[np.bool_]:
        """Return where the body is at most a distance away, (z, y, x)."""
        away_mm = ndimage.distance_transform_edt(~self.body, sampling=self.grid.spacing_zyx_mm)
        return np.asarray(away_mm <= distance_mm)


def levels_of(image: sitk.Image, intensities: Intensities, *, spacings_mm: Sequence[float]) -> dict[float, Level]:
    """Return an image at each spacing.

    Args:
        image: Scalar, 3-D, finite, not constant.
        intensities: What its values mean.
        spacings_mm: Rising; an axis that is coarser already keeps its spacing.
    """
    values = array_of(image).astype(np.float32)
    highest = float(np.percentile(values, 99.5)) if intensities.highest is None else intensities.highest
    span = highest - intensities.lowest
    current = image_of(np.clip((values - intensities.lowest) / span, 0.0, 1.0), Grid.of(image))
    threshold = None if intensities.body_above is None else (intensities.body_above - intensities.lowest) / span
    levels: dict[float, Level] = {}
    for spacing_mm in spacings_mm:
        current = _coarser(current, spacing_mm)
        if threshold is None:
            threshold = _otsu(current) / 2
        levels[spacing_mm] = Level(current, _body(array_of(current) > threshold))
    return levels


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


def _body(bright: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the largest connected piece, its holes filled; empty when nothing is bright."""
    numbered, count = ndimage.label(bright)
    if not count:
        return np.zeros_like(bright)
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    return np.asarray(ndimage.binary_fill_holes(numbered == sizes.argmax()), dtype=bool)
