"""Agreement of two images of one patient under a rigid transform.

The smaller image gives sample points, and the larger one is interpolated there. Their intensities, in [0, 1], may mean
different things: the measure is the information that each has about the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, array_of
from hnseg.imaging.registration.pyramid import Level

Points = npt.NDArray[np.float64]
BINS = 32


@dataclass(frozen=True)
class Samples:
    """Points of the smaller image: (n, 3) LPS in mm, with the intensity and whether there is body at each."""

    points_mm: Points
    values: FloatArray
    in_body: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, level: Level, where: npt.NDArray[np.bool_]) -> Samples:
        """Return the voxels of a level that a mask (z, y, x) selects."""
        return cls(level.points_mm(where), array_of(level.image)[where], level.body[where])


@dataclass(frozen=True)
class Overlay:
    """Both images at those sample points that lie inside the larger one; n points.

    Attributes:
        smaller_values: Intensities of the smaller image, (n,).
        larger_values: Intensities of the larger image, (n,).
        smaller_in_body: Whether the smaller image has body there, (n,).
        larger_in_body: Whether the larger image has body there, (n,).
        overlap: Fraction of the smaller image's body that lies inside the larger image, 0 to 1.
    """

    smaller_values: FloatArray
    larger_values: FloatArray
    smaller_in_body: npt.NDArray[np.bool_]
    larger_in_body: npt.NDArray[np.bool_]
    overlap: float

    def mutual_information(self) -> float:
        """Return the mutual information of the intensities in nats; 0 without samples."""
        smaller, larger, joint = self._entropies()
        return smaller + larger - joint

    def correlation(self) -> float:
        """Return the entropy correlation 2 I / (H + H): 0 if independent or empty, 1 if each determines the other."""
        smaller, larger, joint = self._entropies()
        return 2 * (smaller + larger - joint) / (smaller + larger) if smaller + larger > 0 else 0.0

    def body_dice(self) -> float:
        """Return the Dice coefficient of the two bodies; 0 when both are empty."""
        total = np.count_nonzero(self.smaller_in_body) + np.count_nonzero(self.larger_in_body)
        return 2 * int(np.count_nonzero(self.smaller_in_body & self.larger_in_body)) / int(total) if total else 0.0

    def _entropies(self) -> tuple[float, float, float]:
        if not self.smaller_values.size:
            return 0.0, 0.0, 0.0
        joint = np.bincount(_bin_of(self.smaller_values) * BINS + _bin_of(self.larger_values), minlength=BINS * BINS)
        shares = joint.reshape(BINS, BINS) / self.smaller_values.size
        return _entropy(shares.sum(axis=1)), _entropy(shares.sum(axis=0)), _entropy(shares)


def overlay(samples: Samples, larger: Level, pose: sitk.Euler3DTransform) -> Overlay:
    """Return both images at the samples' points, the larger one interpolated linearly.

    Args:
        samples: Points of the smaller image.
        larger: Larger image.
        pose: Transform from points of the smaller image to points of the larger one.
    """
    index_zyx = larger.grid.index_xyz(moved(samples.points_mm, pose))[:, ::-1]
    inside = ((index_zyx >= 0) & (index_zyx <= np.array(larger.grid.shape_zyx) - 1)).all(axis=1)
    found = index_zyx[inside].T
    values = ndimage.map_coordinates(array_of(larger.image), found, order=1, output=np.float32)
    z, y, x = np.rint(found).astype(np.intp)
    in_body = samples.in_body[inside]
    return Overlay(
        smaller_values=samples.values[inside],
        larger_values=np.asarray(values),
        smaller_in_body=in_body,
        larger_in_body=larger.body[z, y, x],
        overlap=float(in_body.sum() / samples.in_body.sum()) if in_body.any() else 0.0,
    )


def moved(points_mm: Points, pose: sitk.Euler3DTransform) -> Points:
    """Return points (n, 3) moved by a rigid transform, (n, 3)."""
    centre, matrix = np.array(pose.GetCenter()), np.array(pose.GetMatrix()).reshape(3, 3)
    return np.asarray((points_mm - centre) @ matrix.T + centre + np.array(pose.GetTranslation()))


def apart_mm(points_mm: Points, one: sitk.Euler3DTransform, other: sitk.Euler3DTransform) -> float:
    """Return the mean distance, in mm, between the places to which two transforms move the same points (n, 3)."""
    return float(np.linalg.norm(moved(points_mm, one) - moved(points_mm, other), axis=1).mean())


def _bin_of(values: FloatArray) -> npt.NDArray[np.intp]:
    return np.minimum(values * BINS, BINS - 1).astype(np.intp)


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    taken = shares[shares > 0]
    return float(-(taken * np.log(taken)).sum())
