"""3-D U-Net of Kutnár et al. (2023), which predicts the volume in which a recurrence begins.

With features 32, 64, 128 and 256, two channels and one output it has the 5,643,809 parameters of their paper ("more
than 5.6 million"). Their code (github.com/deniskutnar/Post-RT-recurrence-segmentation, `netgen.py`) registers in each
block of the decoder a convolution for another way of upsampling, 43,232 parameters in all, and never calls it; it is
here too, so that names and number of the tensors are theirs and their checkpoints fit.

Their only output is a sigmoid. nnU-Net takes a logit for each class, and the softmax or the largest of them:
softmax(0, z) is (1 - sigmoid(z), sigmoid(z)). So the logit of the background is the constant 0, and the network has an
output for each class but the background. The largest logit is that of the foreground where sigmoid(z) is over 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

Zyx = Sequence[int]
SLOPE = 0.1
"""Slope of the leaky rectifiers below 0."""


def build_unet_3d(
    *,
    input_channels: int,
    num_classes: int,
    features_per_stage: Sequence[int],
    strides: Sequence[Zyx],
    deep_supervision: bool = False,  # noqa: ARG001 (nnU-Net always gives it; this network has one output)
) -> nn.Module:
    """Return the network with a logit for each class, of which the background's is 0.

    Args:
        input_channels: Number of input channels.
        num_classes: Number of classes, the background among them; at least 2.
        features_per_stage: Number of features of each stage, from full resolution downwards.
        strides: Stride (z, y, x) of each stage, by which its input is pooled; the first is 1 along every axis.
        deep_supervision: Ignored.

    Raises:
        ValueError: There are fewer than 2 classes, or not as many strides as features.
    """
    if num_classes < 2:
        raise ValueError(f"a U-Net whose background is 0 must have 2 classes or more, not {num_classes}")
    if len(strides) != len(features_per_stage) or any(stride != 1 for stride in strides[0]):
        raise ValueError(f"each of {len(features_per_stage)} stages must have a stride, the first of 1, not {strides}")
    return UNet3d(input_channels, num_classes - 1, features_per_stage, strides)


class UNet3d(nn.Module):
    """U-Net with max-pooling, transposed convolutions, leaky rectifiers and instance norm without weights.

    Sizes of a patch must be multiples of the product of the strides along their axis.
    """

    def __init__(self, channels: int, outputs: int, features: Sequence[int], strides: Sequence[Zyx]) -> None:
        """Make the blocks.

        Args:
            channels: Number of input channels.
            outputs: Number of outputs, one for each class but the background.
            features: Number of features of each stage, from full resolution downwards.
            strides: Stride (z, y, x) of each stage.
        """
        super().__init__()
        below = [(z, y, x) for z, y, x in strides[1:]]
        self.down_blocks = nn.ModuleList(_Convolutions(*each) for each in pairwise([channels, *features]))
        self.pools = nn.ModuleList(nn.MaxPool3d(stride, stride) for stride in below)
        self.up_blocks = nn.ModuleList(
            _UpBlock(deep, shallow, stride)
            for (shallow, deep), stride in reversed(list(zip(pairwise(features), below, strict=True)))
        )
        self.conv_final = nn.Conv3d(features[0], outputs, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits (b, k, z, y, x) of patches (b, c, z, y, x), in the patches' type; class 0 has 0."""
        below = self.down_blocks[0](image)
        skipped = []
        for pool, block in zip(self.pools, self.down_blocks[1:], strict=True):
            skipped.append(below)
            below = block(pool(below))
        for block in self.up_blocks:
            below = block(below, skipped.pop())
        logits = self.conv_final(below)
        return torch.cat([torch.zeros_like(logits[:, :1]), logits], dim=1)

    @staticmethod
    def initialize(module: nn.Module) -> None:
        """Draw a layer's first weights from He's normal distribution, and set its bias to 0; nnU-Net calls it."""
        if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
            nn.init.kaiming_normal_(module.weight, a=SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class _Convolutions(nn.Module):
    """Two convolutions of 3 x 3 x 3, each followed by rectifier and norm, in this order."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, features, 3, padding=1)
        self.conv2 = nn.Conv3d(features, features, 3, padding=1)
        self.after = _rectifier_and_norm(features)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the features (b, f, z, y, x) of an image (b, c, z, y, x)."""
        normed: torch.Tensor = self.after(self.conv2(self.after(self.conv1(image))))
        return normed


class _UpBlock(_Convolutions):
    """Transposed convolution, rectifier and norm; then two convolutions of that and the encoder's features."""

    def __init__(self, channels: int, features: int, stride: tuple[int, int, int]) -> None:
        super().__init__(2 * features, features)
        self.up = nn.ConvTranspose3d(channels, features, stride, stride)
        self.conv0 = nn.Conv3d(channels, features, 1)  # never called; see the head of this module

    def forward(self, below: torch.Tensor, skipped: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """Return the features (b, f, z, y, x) of those of the level below, and of the encoder's of this level."""
        return super().forward(torch.cat([self.after(self.up(below)), skipped], dim=1))


def _rectifier_and_norm(features: int) -> nn.Sequential:
    return nn.Sequential(nn.LeakyReLU(SLOPE), nn.InstanceNorm3d(features))
