"""Smooth random functions of space, for bent anatomy, rough tumours and the residual of a registration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray


@dataclass(frozen=True)
class SmoothField:
    """Smooth random function around the origin, given on a lattice and interpolated linearly.

    Attributes:
        nodes: Values on the lattice, (components, z, y, x), with the origin in the middle.
        step_mm: Distance between nodes.
    """

    nodes: FloatArray
    step_mm: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, *, reach_mm: float, length_mm: float, size: float, components: int = 3
    ) -> SmoothField:
        """Draw a field.

        Args:
            rng: Source of randomness.
            reach_mm: Half the side of the lattice's cube; beyond it the border value holds.
            length_mm: Distance over which the values change.
            size: Standard deviation of each component.
            components: Number of values at each point.
        """
        step_mm = length_mm / 3
        count = 2 * int(np.ceil(reach_mm / step_mm)) + 1
        noise = rng.standard_normal((components, count, count, count))
        smooth = ndimage.gaussian_filter(noise, sigma=(0, 1.5, 1.5, 1.5), mode="nearest")
        spread = smooth.std(axis=(1, 2, 3), keepdims=True)
        return cls((smooth * (size / spread)).astype(np.float32), step_mm)

    def at(self, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], z: npt.NDArray[np.float32]) -> FloatArray:
        """Return the values at points.

        Args:
            x: Coordinates in mm relative to the field's centre, any shape.
            y: Coordinates along y, of the same shape.
            z: Coordinates along z, of the same shape.

        Returns:
            Values, (components, ...), float32.
        """
        middle = (self.nodes.shape[1] - 1) / 2
        index_zyx = np.stack([z, y, x]) / np.float32(self.step_mm) + np.float32(middle)
        values = [ndimage.map_coordinates(one, index_zyx, order=1, mode="nearest") for one in self.nodes]
        return np.stack(values).astype(np.float32, copy=False)
