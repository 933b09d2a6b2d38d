# ruff: noqa: ARG004 (the signatures are nnU-Net's)
"""Trainers of a user's own, in a file of their own: networks of other kinds than nnU-Net's.

The parts are those of MedNeXt (depthwise convolutions, GELU), of transformers (attention over all places) and of state
space models (a scan along the places); none of them stands in the plans.
"""

from __future__ import annotations

import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from torch import nn


class DepthwiseBlock(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv3d(features, features, 5, padding=2, groups=features)
        self.norm = nn.GroupNorm(features, features)
        self.wide = nn.Conv3d(features, 4 * features, 1)
        self.narrow = nn.Conv3d(4 * features, features, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.narrow(nn.functional.gelu(self.wide(self.norm(self.depthwise(features)))))


class AttentionAndScan(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.attention = nn.MultiheadAttention(features, 2, batch_first=True)
        self.decay = nn.Parameter(torch.zeros(features))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        places = self.norm(features.flatten(2).transpose(1, 2))
        attended, _ = self.attention(places, places, places)
        state, states = torch.zeros_like(places[:, 0]), []
        for place in attended.unbind(1):
            state = torch.sigmoid(self.decay) * state + place
            states.append(state)
        return features + torch.stack(states, dim=2).reshape(features.shape)


class OwnNetwork(nn.Module):
    def __init__(self, channels: int, outputs: int, features: int = 8, *, deep_supervision: bool) -> None:
        super().__init__()
        self.deep_supervision = deep_supervision
        self.stem = nn.Conv3d(channels, features, 3, padding=1)
        self.fine = DepthwiseBlock(features)
        self.down = nn.Conv3d(features, 2 * features, 4, stride=4)
        self.coarse = AttentionAndScan(2 * features)
        self.up = nn.ConvTranspose3d(2 * features, features, 4, stride=4)
        self.merged = DepthwiseBlock(features)
        self.head_of_coarse = nn.Conv3d(2 * features, outputs, 1)
        self.head = nn.Conv3d(features, outputs, 1)

    def forward(self, tile: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        fine = self.fine(self.stem(tile))
        coarse = self.coarse(self.down(fine))
        logits = self.head(self.merged(fine + self.up(coarse)))
        return [logits, self.head_of_coarse(coarse)] if self.deep_supervision else logits


class nnUNetTrainerOwn(nnUNetTrainer):  # noqa: N801 (nnU-Net's way to name trainers)
    @staticmethod
    def build_network_architecture(
        plans_manager, configuration_manager, num_input_channels, num_output_channels, enable_deep_supervision=True
    ):
        return OwnNetwork(num_input_channels, num_output_channels, deep_supervision=enable_deep_supervision)

    def set_deep_supervision_enabled(self, enabled):
        self.network.deep_supervision = enabled


class nnUNetTrainerOldSignature(nnUNetTrainer):  # noqa: N801
    @staticmethod
    def build_network_architecture(
        architecture_class_name,
        arch_init_kwargs,
        arch_init_kwargs_req_import,
        num_input_channels,
        num_output_channels,
        enable_deep_supervision=True,
    ):
        return OwnNetwork(num_input_channels, num_output_channels, deep_supervision=enable_deep_supervision)


class nnUNetTrainerDeaf(nnUNetTrainerOwn):  # noqa: N801
    """Trainer whose network gives several outputs whatever it is asked for."""

    @staticmethod
    def build_network_architecture(
        plans_manager, configuration_manager, num_input_channels, num_output_channels, enable_deep_supervision=True
    ):
        return OwnNetwork(num_input_channels, num_output_channels, deep_supervision=True)
