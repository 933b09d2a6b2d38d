"""Augmentation by flips alone, as Kutnár et al. (2023) had it: from left to right, with a small probability."""

from __future__ import annotations

from typing import Any

import torch
from batchgeneratorsv2.transforms.base.basic_transform import BasicTransform
from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms


class Flip(MirrorTransform):  # type: ignore[misc]  # batchgeneratorsv2 is untyped
    """Flip of a patch along one axis, with a probability; nnU-Net's own transform flips every second patch."""

    def __init__(self, axis: int, probability: float) -> None:
        super().__init__((axis,))
        self.probability = probability

    def get_parameters(self, **_: Any) -> dict[str, Any]:
        """Return the axes that one patch is flipped along, by torch's global generator."""
        return {"axes": list(self.allowed_axes) if torch.rand(1) < self.probability else []}


def only_flips(stock: ComposeTransforms, *, axis: int, probability: float) -> ComposeTransforms:
    """Return transforms that flip a patch and do nothing else to it than nnU-Net does to a validation patch.

    Args:
        stock: Transforms of nnU-Net's for validation, which prepare the labels.
        axis: Axis of the patch that is left-right.
        probability: Probability of a flip.
    """
    flip: BasicTransform = Flip(axis, probability)
    return ComposeTransforms([flip, *stock.transforms])
