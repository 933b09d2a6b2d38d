"""First weights of a network: those of another training, of the same network or of one with fewer input channels."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import Fold
from hnseg.inference.model.weights import StateDict, read_checkpoint

_HEAD = ("conv_final.weight", "conv_final.bias")  # of `hnseg.inference.networks.unet_3d`


def load_first_weights(network: nn.Module, source: Path, fold: Fold) -> None:
    """Load the weights of another training into a network, in place.

    Args:
        network: Network that is to be trained.
        source: Checkpoint; or a model folder, of which the weights of the same fold are taken.
        fold: Fold that is to be trained.

    Where the other network is without the last input channels, such as those of clicks, their weights are 0, so that
    the network gives at first what the other one gives. The last layer of a 3-D U-Net keeps its own first weights where
    the two have other numbers of structures: what was learnt on primaries and nodes begins the training on one.

    Raises:
        ModelError: The weights can't be read, or are another network's.
    """
    weights = _weights_in(source, fold)
    own = network.state_dict()
    given = {name: _widened(tensor, own.get(name)) for name, tensor in _under_all_names(weights, network).items()}
    given |= {name: own[name] for name in _HEAD if _differs_in_outputs(own, given, name)}
    other = [name for name in own.keys() | given.keys() if _shape(own, name) != _shape(given, name)]
    if other:
        raise ModelError(
            f"Training can only start from weights of the same network, but {min(other)} in {source} has the shape"
            f" {_shape(given, min(other))} instead of {_shape(own, min(other))}. Was another preset trained there, or"
            " another number of channels or structures?"
        )
    network.load_state_dict(given)


def _weights_in(source: Path, fold: Fold) -> StateDict:
    """Return the weights of a checkpoint, or of a fold of a model folder."""
    if not source.is_dir():
        return read_checkpoint(source).state_dict
    bundle = open_bundle(source, folds=[fold])
    if bundle.graphs is not None:
        raise ModelError(
            f"Training can only start from weights by their names, but {source} holds graphs of"
            f" {bundle.graphs.trainer}. Name the checkpoint that they were exported from."
        )
    return bundle.state_dicts[0]


def _differs_in_outputs(own: StateDict, given: StateDict, name: str) -> bool:
    """Return whether both have a tensor of this name, which differ in the number of outputs alone."""
    if name not in own or name not in given:
        return False
    return own[name].shape[1:] == given[name].shape[1:] and len(own[name]) != len(given[name])


def _under_all_names(weights: StateDict, network: nn.Module) -> StateDict:
    """Return weights under every name that the network has for each of them; a bundle has each tensor once."""
    names: dict[int, list[str]] = {}
    for name, tensor in network.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), []).append(name)
    complete = dict(weights)
    for same in names.values():
        found = next((weights[name] for name in same if name in weights), None)
        if found is not None:
            complete |= {name: found for name in same if name not in complete}
    return complete


def _widened(tensor: torch.Tensor, own: torch.Tensor | None) -> torch.Tensor:
    """Return a convolution's weights with zeros for input channels that only the own network has."""
    if own is None or tensor.ndim < 2 or own.ndim != tensor.ndim or own.shape[1] <= tensor.shape[1]:
        return tensor
    zeros = tensor.new_zeros((tensor.shape[0], own.shape[1] - tensor.shape[1], *tensor.shape[2:]))
    return torch.cat([tensor, zeros], dim=1)


def _shape(weights: StateDict, name: str) -> tuple[int, ...] | None:
    """Return the shape of a tensor; None where there is none of its name."""
    return tuple(weights[name].shape) if name in weights else None
