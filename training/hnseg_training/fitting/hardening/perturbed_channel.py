"""Transform of training patches that perturbs one image of a patch, as `hnseg.robustness` perturbs whole images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from batchgeneratorsv2.transforms.base.basic_transform import BasicTransform

from hnseg.imaging.geometry import FloatArray
from hnseg.robustness.perturbations.perturb import perturb
from hnseg.robustness.perturbations.severity import SEVERITIES, Triple
from hnseg_training.dataset.augmentation import Perturbations
from hnseg_training.fitting.hardening.channels import ImageChannel

OUTSIDE = -1
"""Label of voxels beyond the image, which nnU-Net pads."""


class PerturbedChannel(BasicTransform):  # type: ignore[misc]  # batchgeneratorsv2 is untyped
    """Perturbation of one channel of some patches: channel, kind and severity, 1 to 3, are drawn uniformly.

    Whether a patch is perturbed follows torch's global generator, which seeds all else. Padding keeps its values, and
    so does a channel of one value, such as that of a missing image.
    """

    def __init__(
        self, perturbations: Perturbations, channels: Mapping[int, ImageChannel], spacing_zyx_mm: Triple
    ) -> None:
        super().__init__()
        self.perturbations = perturbations
        self.channels = dict(channels)
        self.spacing_zyx_mm = spacing_zyx_mm

    def apply(self, data_dict: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Transform one sample; its image is (c, z, y, x), its segmentation (1, z, y, x), -1 in the padding."""
        if torch.rand(1) < self.perturbations.probability:
            rng = np.random.default_rng(int(torch.randint(2**62, (1,))))
            self._perturb(data_dict["image"].numpy(), data_dict["segmentation"][0].numpy() == OUTSIDE, rng)
        return data_dict

    def _perturb(self, image: FloatArray, beyond: npt.NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Perturb one channel of a patch (c, z, y, x) in place."""
        insides = {number: ~beyond | (image[number] != 0) for number in self.channels}
        full = [number for number, inside in insides.items() if _has_contrast(image[number][inside])]
        if not full:
            return
        number = full[rng.integers(len(full))]
        kind = self.perturbations.kinds[rng.integers(len(self.perturbations.kinds))]
        severity = SEVERITIES[rng.integers(len(SEVERITIES))]
        perturbed = self.channels[number].perturbed(
            image[number],
            insides[number],
            lambda volume: perturb(volume, kind, severity, rng, spacing_zyx_mm=self.spacing_zyx_mm).array,
            rng,
        )
        np.copyto(image[number], perturbed, where=insides[number])


def _has_contrast(values: FloatArray) -> bool:
    """Return whether there are values, and not all of them equal."""
    return bool(values.size and values.min() < values.max())
