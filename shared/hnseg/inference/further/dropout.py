"""Monte Carlo dropout: passes of a network whose dropout layers drop features as in training.

Source: Gal and Ghahramani, "Dropout as a Bayesian approximation", ICML 2016. All other layers stay as for prediction.
What is dropped depends on a seed for each tile, not on which tiles pass together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.manifest import PLANS_FILE

_SEED = 20162050


def has_dropout(bundle: Bundle) -> bool:
    """Return whether the network has a dropout layer that drops anything; a graph has none.

    Raises:
        ModelError: The network can't be built.
    """
    if bundle.graphs is not None:
        return False
    network = build_network(
        bundle.configuration.architecture,
        channels=bundle.network_channels,
        outputs=len(bundle.dataset.output_values),
        path=bundle.folder / PLANS_FILE,
    )
    return bool(_layers(network))


def dropout_seed(number: int, first_voxel: Sequence[int]) -> int:
    """Return the seed of the pass of a tile, the same in every case.

    Args:
        number: Number of the dropout member, from 0.
        first_voxel: First voxel (z, y, x) of the tile.
    """
    return _mixed(_SEED, number, *first_voxel)


@contextmanager
def with_dropout(network: nn.Module, seeds: Sequence[int]) -> Iterator[None]:
    """Let a network's dropout layers drop features inside a `with`, by a seed for each tile of the batch.

    The random numbers of the rest of the program stay as if nothing had been drawn.

    Args:
        network: Network in evaluation mode, in which it is again afterwards.
        seeds: Seeds of the tiles, in their order.
    """
    layers = _layers(network)
    hooks = [layer.register_forward_hook(partial(_drop, number, seeds)) for number, layer in enumerate(layers)]
    devices = {tensor.device for tensor in network.parameters() if tensor.is_cuda}
    try:
        with torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def _drop(
    number: int, seeds: Sequence[int], layer: nn.Module, given: tuple[torch.Tensor], _output: torch.Tensor
) -> torch.Tensor:
    """Return the features of a batch with some of them dropped, tile by tile."""
    dropped = []
    layer.training = True
    try:
        for seed, features in zip(seeds, torch.split(given[0], 1), strict=True):
            torch.manual_seed(_mixed(seed, number))
            dropped.append(layer.forward(features))
    finally:
        layer.training = False
    return torch.cat(dropped)


def _layers(network: nn.Module) -> list[_DropoutNd]:
    return [layer for layer in network.modules() if isinstance(layer, _DropoutNd) and layer.p > 0]


def _mixed(*numbers: int) -> int:
    """Return a number of 63 bits from others, none negative."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
