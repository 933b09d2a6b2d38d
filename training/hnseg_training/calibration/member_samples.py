"""Voxels with the logits that every member of an ensemble gives them, for temperatures that the mean is to suit.

The mean of the members' probabilities is flatter than each of them, so that temperatures of single networks make an
ensemble not sure enough. One network is an ensemble of one member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, logsumexp

from hnseg.evaluation.calibration.voxel_samples import Mask, VoxelSamples


@dataclass(frozen=True)
class MemberSamples:
    """Voxels of any number of images, of which k classes exclude one another, with the logits of m members.

    Attributes:
        logits: Logits (n, m, k), float32; of a voxel and member all may be less by one number.
        classes: Index (n,) of the class that each voxel has in the reference.
        near: Whether each voxel is near the surface of each structure, (n, k); of the background, near any.
    """

    logits: npt.NDArray[np.float32]
    classes: npt.NDArray[np.intp]
    near: Mask

    @classmethod
    def together(cls, samples: Sequence[MemberSamples]) -> MemberSamples:
        """Return the voxels of at least one as one; all have the same members."""
        fields = ("logits", "classes", "near")
        return cls(*(np.concatenate([getattr(each, field) for each in samples]) for field in fields))

    def __len__(self) -> int:
        return len(self.classes)

    def at(self, places: npt.NDArray[Any]) -> MemberSamples:
        """Return those at some places, or where a mask is true."""
        return MemberSamples(self.logits[places], self.classes[places], self.near[places])

    def at_temperatures(self, temperatures: Sequence[float]) -> VoxelSamples:
        """Return the mean probability of members at logits over the temperature of the ensemble's class.

        That is how `hnseg.inference.labelling.uncertainty_plane` uses them.

        Args:
            temperatures: Temperature of each class, (k,), over 0.
        """
        of_voxel = np.asarray(temperatures, np.float32)[self.predicted]
        of_members = log_softmax(self.logits / of_voxel[:, None, None], axis=2)
        mean = logsumexp(of_members, axis=1) - log(of_members.shape[1])
        return VoxelSamples(mean.astype(np.float32), self.classes, self.near)

    @cached_property
    def predicted(self) -> npt.NDArray[np.intp]:
        """Index (n,) of the class of the largest mean logit, which is the ensemble's label; of equal ones the first."""
        return np.asarray(self.logits.mean(axis=1).argmax(axis=1), np.intp)

    @cached_property
    def is_correct(self) -> Mask:
        """Whether that class is the reference's, (n,)."""
        return np.asarray(self.predicted == self.classes)
