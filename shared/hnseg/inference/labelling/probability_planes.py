"""Probabilities of each class or region on the image's grid, filled plane by plane, or added to others'."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hnseg.imaging.geometry import FloatArray

Probabilities = npt.NDArray[np.floating[Any]]
"""Probabilities (k, z, y, x) of each class or region."""


class ProbabilityPlanes:
    """Probabilities of the planes of an image so far.

    Attributes:
        added: Whether they are added to what is there.
        count: Number of planes that have theirs, from the first on.
    """

    def __init__(self, planes: Probabilities, *, has_regions: bool, added: bool = False) -> None:
        """Begin without any.

        Args:
            planes: View (k, planes, rows, columns) of the array that is filled.
            has_regions: Whether the outputs are regions, which may overlap, and not classes.
            added: Whether probabilities are added to what is there.
        """
        self._planes, self._has_regions = planes, has_regions
        self.added, self.count = added, 0

    def put(self, number: int, logits: FloatArray) -> None:
        """Set the probabilities of a plane, or add them, by its logits (k, rows, columns)."""
        given = torch.from_numpy(logits)
        probabilities = (given.sigmoid() if self._has_regions else given.softmax(dim=0)).numpy()
        if self.added:
            self._planes[:, number] += probabilities
        else:
            self._planes[:, number] = probabilities
        self.count = number + 1
