"""Voxels with the probabilities that a model gives their classes, and the class that each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class VoxelSamples:
    """Voxels of any number of images, of which k classes exclude one another.

    Attributes:
        log_probabilities: Natural logarithm (n, k) of the probability of each class, float32.
        classes: Index (n,) of the class that each voxel has in the reference.
        near: Whether each voxel is near the surface of each structure, (n, k); of the background, near any.
    """

    log_probabilities: npt.NDArray[np.float32]
    classes: npt.NDArray[np.intp]
    near: Mask

    @classmethod
    def of_logits(cls, logits: npt.NDArray[np.float32], classes: npt.NDArray[np.intp], near: Mask) -> VoxelSamples:
        """Return the samples with the softmax of logits (n, k)."""
        return cls(log_softmax(logits, axis=1).astype(np.float32), classes, near)

    @classmethod
    def together(cls, samples: Sequence[VoxelSamples]) -> VoxelSamples:
        """Return the voxels of at least one as one."""
        fields = ("log_probabilities", "classes", "near")
        return cls(*(np.concatenate([getattr(each, field) for each in samples]) for field in fields))

    def __len__(self) -> int:
        return len(self.classes)

    def at(self, places: npt.NDArray[Any]) -> VoxelSamples:
        """Return those at some places, or where a mask is true."""
        return VoxelSamples(self.log_probabilities[places], self.classes[places], self.near[places])

    def at_temperatures(self, temperatures: Sequence[float]) -> VoxelSamples:
        """Return them with logits over the temperature of the class that is most probable; see `Calibration`.

        Args:
            temperatures: Temperature of each class, (k,), over 0.
        """
        of_voxel = np.asarray(temperatures, np.float32)[self.predicted]
        return VoxelSamples.of_logits(self.log_probabilities / of_voxel[:, None], self.classes, self.near)

    @cached_property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """Probability (n, k) of each class."""
        return np.exp(self.log_probabilities)

    @cached_property
    def predicted(self) -> npt.NDArray[np.intp]:
        """Index (n,) of the most probable class, of equal ones the first."""
        return np.asarray(self.log_probabilities.argmax(axis=1), np.intp)

    @cached_property
    def confidence(self) -> npt.NDArray[np.float32]:
        """Probability (n,) of that class."""
        return np.asarray(np.exp(self.log_probabilities.max(axis=1)), np.float32)

    @cached_property
    def is_correct(self) -> Mask:
        """Whether that class is the reference's, (n,)."""
        return np.asarray(self.predicted == self.classes)
