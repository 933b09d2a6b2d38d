"""Ensembles with channels for clicks: of networks written by hand, and of untrained ones; and an image for them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import max_pool3d

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.ensemble import Ensemble
from tests.support.small_ensembles import with_networks

ENCODING = PromptEncoding(structures=("GTVp", "GTVn"), radius_mm=4.0)
TURNED = (0, 1, 0, -1, 0, 0, 0, 0, 1)  # x of the image runs along -y of the world
GRID = Grid((40, 60, 24), (1.0, 1.25, 2.0), (3.0, -5.0, 7.0), TURNED)
MODEL = {"channel_names": ["noNorm", *ENCODING.channel_names], "patch": (8, 32, 32), "spacing_mm": (2.5, 1.5, 1.5)}
"""Arguments of `make_model` for a model with channels for clicks."""


class Blobs(nn.Module):
    """Network that finds GTVn where the image is bright, and each structure some voxels around its clicks.

    Args:
        grown: Voxels by which it makes the ball of a click larger.
        far: Whether a positive click of GTVp makes it see GTVp also in the corner of its patch.
    """

    def __init__(self, grown: int = 2, *, far: bool = False) -> None:
        super().__init__()
        self.grown, self.far = 2 * grown + 1, far

    def forward(self, batch):
        image, clicks = batch[:, 0], batch[:, 1:]
        positive = max_pool3d(clicks.clamp(min=0), self.grown, 1, self.grown // 2)
        negative = max_pool3d((-clicks).clamp(min=0), self.grown, 1, self.grown // 2)
        logits = 10 * (positive - negative)
        if self.far:
            logits[:, 0, :3, :3, :3] += 10 * positive[:, 0].amax(dim=(-3, -2, -1))[:, None, None, None]
        return torch.stack([torch.full_like(image, 3.0), logits[:, 0], logits[:, 1] + 5 * image], dim=1)


def image() -> Channels:
    """Return an image that is dark but for one bright block, on a grid that is not the network's."""
    array = np.zeros((1, *GRID.shape_zyx), np.float32)
    array[0, 12:16, 30:38, 20:28] = 1
    return Channels(array + 0.01, GRID)


def click(structure, index_xyz, *, is_positive=True) -> Click:
    """Return a click at a voxel of the image."""
    x, y, z = GRID.points_mm(np.array([index_xyz], float))[0].tolist()
    return Click(structure, is_positive, (x, y, z))


def with_prompts(made: Path, folder: Path) -> Path:
    """Copy a model folder of nnU-Net, and say in it which of its channels are for clicks."""
    shutil.copytree(made, folder)
    dataset = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(dataset | {"prompts": ENCODING.model_dump()}))
    return folder


def by_hand(untrained: Ensemble, *networks: nn.Module) -> Ensemble:
    """Return an ensemble with networks written by hand, and without mirrored copies."""
    ensemble = with_networks(untrained, networks)
    return dataclasses.replace(ensemble, bundle=dataclasses.replace(ensemble.bundle, mirroring_axes=()))
