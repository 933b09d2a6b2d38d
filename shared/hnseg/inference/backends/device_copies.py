"""Copies of networks on another device, made without changing the networks that they are copies of."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import nn

from hnseg.machine import GIB

_Network = TypeVar("_Network", bound=nn.Module)
# Layers whose weights autocast casts for every pass. Those of the norms it leaves as they are.
_AUTOCAST = (nn.Linear, *(getattr(nn, f"Conv{kind}{n}d") for kind in ("", "Transpose") for n in (1, 2, 3)))


def copy_on(network: _Network, device: torch.device, arithmetic: torch.dtype) -> _Network:
    """Return a copy of a network on a device.

    Every tensor travels once, whatever number of names it has: nnU-Net registers most under two to four. A module of
    its own, in place of `torch.func.functional_call`, keeps the tensors tied and costs nothing a pass.

    Args:
        network: Network with float32 weights; it is left as it is, and shares those that need no copy.
        device: Device of the copy.
        arithmetic: Type that autocast computes in; convolutions have their weights in it, rounded as autocast rounds
            them before every pass.
    """
    cast = _cast_by_autocast(network)
    placed: dict[int, object] = {}
    for tensor in _tensors(network):
        moved = tensor.detach().to(device, arithmetic if id(tensor) in cast else tensor.dtype)
        is_parameter = isinstance(tensor, nn.Parameter)
        placed[id(tensor)] = nn.Parameter(moved, requires_grad=False) if is_parameter else moved
    return copy.deepcopy(network, placed)


def size_gib(networks: Iterable[nn.Module], arithmetic: torch.dtype) -> float:
    """Return the memory that copies of some networks take."""
    total = 0
    for network in networks:
        cast = _cast_by_autocast(network)
        for tensor in _tensors(network):
            total += tensor.numel() * (arithmetic.itemsize if id(tensor) in cast else tensor.element_size())
    return total / GIB


def _tensors(network: nn.Module) -> tuple[torch.Tensor, ...]:
    """Return the parameters and buffers of a network, each once."""
    return (*network.parameters(), *network.buffers())


def _cast_by_autocast(network: nn.Module) -> set[int]:
    layers = (layer for layer in network.modules() if isinstance(layer, _AUTOCAST))
    return {id(tensor) for layer in layers for tensor in layer.parameters(recurse=False)}
