"""Ensembles of untrained networks, and images of noise for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import start_prediction

GRID = Grid((72, 32, 8), (1.0, 1.0, 2.0), (3.0, -5.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
PLAIN = Effort(mirroring=False)


def noise(size_xyz: tuple[int, int, int], spacing_mm: Sequence[float] = (2.0, 2.0, 3.0), *, count: int = 2) -> Channels:
    """Return channels of noise on a grid without rotation."""
    grid = dataclasses.replace(GRID, size_xyz=size_xyz, spacing_mm=tuple(spacing_mm))
    return Channels(np.random.default_rng(3).normal(size=(count, *grid.shape_zyx)).astype(np.float32), grid)


def only(ensemble: Ensemble, *folds: int) -> Ensemble:
    """Return an ensemble of some of the folds, run by torch."""
    return with_networks(ensemble, (ensemble.backend.networks[fold] for fold in folds))


def with_networks(ensemble: Ensemble, networks: Iterable[nn.Module]) -> Ensemble:
    """Return the ensemble with other networks, run by torch."""
    backend = dataclasses.replace(ensemble.backend, networks=tuple(networks))
    return dataclasses.replace(ensemble, backend=backend)


def logits_of(ensemble: Ensemble, channels: Channels, effort: Effort = PLAIN) -> FloatArray:
    """Return the mean logits (k, z, y, x) of an image, without a deadline."""
    planes = start_prediction(ensemble, channels, Deadline.never(), effort=effort).planes()
    return np.stack([plane.mean for plane in planes], axis=1)


def log_probabilities_of(ensemble: Ensemble, channels: Channels) -> FloatArray:
    """Return logits (k, z, y, x) on the image's grid, those of each voxel less by the same number."""
    probabilities = np.empty((ensemble.outputs, *channels.grid.shape_zyx), np.float32)
    start_prediction(ensemble, channels, Deadline.never(), effort=PLAIN, probabilities=probabilities).predict()
    return np.log(probabilities)


class PassClock:
    """Clock that moves on by some seconds with every copy of a tile that passes through a network."""

    def __init__(self, networks: Iterable[nn.Module], pass_s: float = 1.0) -> None:
        self.now_s = 0.0
        self.pass_s = pass_s
        self.hooks = [network.register_forward_hook(self._tick) for network in networks]

    def __call__(self) -> float:
        return self.now_s

    def _tick(self, _network: nn.Module, arguments: tuple[torch.Tensor, ...], _output: torch.Tensor) -> None:
        self.now_s += self.pass_s * len(arguments[0])
