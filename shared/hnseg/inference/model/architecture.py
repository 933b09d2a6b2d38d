"""Network that the plans describe, with a fold's weights in it.

Only classes of `dynamic_network_architectures` and `torch.nn`, and the two networks of `hnseg.inference.networks`, are
built, so that a model folder can't name code of its own choice.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hnseg.errors import ModelError
from hnseg.inference.model.batch_norm import as_trained
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.manifest import PLANS_FILE
from hnseg.inference.model.nnunet_plans import Architecture
from hnseg.inference.model.weights import StateDict

DYNUNET = "hnseg.inference.dynunet.build_dynunet"
"""Name of MONAI's DynUNet in plans."""
UNET_3D = "hnseg.inference.networks.unet_3d.build_unet_3d"
"""Name of the 3-D U-Net of Kutnár et al. in plans."""
_NETWORKS = ("dynamic_network_architectures.",)
_LAYERS = ("torch.nn.", "dynamic_network_architectures.building_blocks.")
_REFUSALS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_MOST = {
    "n_stages": 16,
    "features_per_stage": 8192,
    "kernel_sizes": 64,
    "kernel_size": 64,
    "strides": 64,
    "upsample_kernel_size": 64,
    "filters": 8192,
    "bottleneck_channels": 8192,
    **dict.fromkeys(("n_conv_per_stage", "n_conv_per_stage_decoder", "n_blocks_per_stage"), 64),
}
"""Largest sensible value of each argument that counts something."""


def network_of(bundle: Bundle, fold: int) -> nn.Module:
    """Build one network of an ensemble, in evaluation mode, with its weights, which it does not copy.

    Args:
        bundle: Model folder, opened.
        fold: Index of the fold among the bundle's folds.

    Raises:
        ModelError: The plans can't be built, or the weights don't fit the network that they describe; or the networks
            are graphs.
    """
    if bundle.graphs is not None:
        raise ModelError(
            f"torch runs networks that the plans describe, but the model in {bundle.folder} holds graphs of"
            f" {bundle.graphs.trainer}. onnxruntime or OpenVINO runs them (backend auto, onnxruntime or openvino)."
        )
    _check_outputs(bundle)
    weights = bundle.state_dicts[fold]
    network = build_network(
        as_trained(bundle.configuration.architecture, weights),
        channels=bundle.network_channels,
        outputs=len(bundle.dataset.output_values),
        path=bundle.folder / PLANS_FILE,
    )
    if fold == 0:  # the others have the same shape
        _check_patch(network, bundle)
    put_weights(network, weights, bundle.weights_files[fold], trainer=bundle.trainer)
    return network


def build_network(architecture: Architecture, *, channels: int, outputs: int, path: Path) -> nn.Module:
    """Build the network without memory for its weights, in evaluation mode, with one output: the finest.

    Args:
        architecture: Class of the network and its arguments.
        channels: Number of input channels.
        outputs: Number of classes or regions.
        path: File of the plans, named in errors.

    Raises:
        ModelError: The plans name a class that is not allowed or not there, or arguments it does not take.
    """
    arguments = dict(architecture.arch_kwargs)
    _check_numbers(arguments, path)
    for name in architecture.names_to_import:
        if arguments.get(name) is not None:
            arguments[name] = _class_named(str(arguments[name]), _LAYERS, path)
    name = architecture.network_class_name
    network_class = _own_network(name) if name in {DYNUNET, UNET_3D} else _class_named(name, _NETWORKS, path)
    try:
        with torch.device("meta"):
            network: nn.Module = network_class(
                **{**arguments, "input_channels": channels, "num_classes": outputs, "deep_supervision": False}
            )
    except _REFUSALS as error:
        raise ModelError(
            f"{path} must describe a network that {name} can build, but it can't ({error})."
            f" Was it written for another version of {name.split('.')[0].replace('_', '-')}?"
        ) from error
    return network.eval().requires_grad_(requires_grad=False)


def _check_outputs(bundle: Bundle) -> None:
    """Refuse regions, which have no background, of the network whose first output is the background's."""
    if bundle.configuration.architecture.network_class_name == UNET_3D and bundle.dataset.has_regions:
        raise ModelError(
            f"{bundle.folder / PLANS_FILE} must name a network with an output for each region, but names {UNET_3D},"
            " whose first is that of the background. Was it edited by hand?"
        )


def _check_patch(network: nn.Module, bundle: Bundle) -> None:
    """Refuse a patch that the network can't be given, by a pass in which nothing is computed but shapes."""
    patch, outputs = bundle.configuration.patch_size, len(bundle.dataset.output_values)
    path = bundle.folder / PLANS_FILE
    try:
        with torch.inference_mode():
            found = network(torch.empty((1, bundle.network_channels, *patch), device="meta"))
    except _REFUSALS as error:
        raise ModelError(
            f"{path} must give a patch that its network takes, but {patch} is none ({' '.join(str(error).split())})."
            " Is it no multiple of the strides, or was it edited by hand?"
        ) from error
    if tuple(found.shape) != (1, outputs, *patch):
        raise ModelError(
            f"{path} must describe a network that gives {outputs} logits a voxel of its patch, {patch}, but it gives"
            f" {tuple(found.shape[1:])}. Was it edited by hand?"
        )


def put_weights(network: nn.Module, state_dict: StateDict, path: Path, *, trainer: str = "") -> None:
    """Make a network use a fold's tensors, without copying them unless their type or their order in memory must change.

    nnU-Net copies them into its network, where they lie in the order of their axes; so they must here, for equal sums.
    A training with `channels_last_3d` saves them in another order, which OpenVINO does not take either.

    Args:
        network: Network without memory for its weights, as `build_network` returns it.
        state_dict: Tensors of the fold; of several names that the network registers a tensor under, one is enough.
        path: File of the weights, named in errors.
        trainer: Name of the class that trained it, named in errors; empty where it is not known.

    Raises:
        ModelError: Tensors are missing, left over, not finite, or of another shape or type than the network's.
    """
    complete: dict[str, torch.Tensor] = {}
    for names, tensor in _each_tensor(network):
        if (name := next((name for name in names if name in state_dict), None)) is None:
            raise _misfit(path, f"{names[0]} is missing", trainer)
        if reason := _difference(state_dict[name], tensor):
            raise _misfit(path, f"{name} {reason}", trainer)
        complete |= dict.fromkeys(names, _usable(state_dict[name], name, path))
    if left_over := sorted(state_dict.keys() - complete.keys()):
        raise _misfit(path, f"{left_over[0]} has no place in it", trainer)
    network.load_state_dict(complete, assign=True)
    if any(tensor.is_meta for tensor in network.buffers()):
        raise _misfit(path, "the network computes tensors of its own that are not among the weights", trainer)


def _difference(given: torch.Tensor, wanted: torch.Tensor) -> str:
    """Return how a tensor differs from what the network has in its place; empty where it fits."""
    if given.shape != wanted.shape:
        return f"has shape {tuple(given.shape)} instead of {tuple(wanted.shape)}"
    if given.dtype != wanted.dtype and not (given.is_floating_point() and wanted.dtype == torch.float32):
        return f"is of {given.dtype} instead of {wanted.dtype}"
    return ""


def _usable(given: torch.Tensor, name: str, path: Path) -> torch.Tensor:
    """Return a tensor in single precision, in the order of its axes, if all of it is finite."""
    tensor = (given.float() if given.is_floating_point() else given).contiguous()
    if not torch.isfinite(tensor).all():
        raise ModelError(
            f"The weights in {path} must be finite numbers, but {name} holds NaN or infinite ones."
            " Did the training of this fold diverge? Leave it out, or train it again."
        )
    return tensor


def _each_tensor(network: nn.Module) -> list[tuple[list[str], torch.Tensor]]:
    """Return every tensor of the state dict with all its names; nnU-Net registers the encoder a second time."""
    tensors: dict[int, tuple[list[str], torch.Tensor]] = {}
    for name, tensor in network.state_dict(keep_vars=True).items():
        tensors.setdefault(id(tensor), ([], tensor))[0].append(name)
    return list(tensors.values())


def _check_numbers(arguments: Mapping[str, Any], path: Path) -> None:
    """Refuse numbers that no network has, before one is built with them: of stages, blocks, kernels and strides."""
    for name, most in _MOST.items():
        if wrong := [number for number in _flat(arguments.get(name)) if not _is_count(number, most)]:
            raise ModelError(
                f"{path} must give {name} as whole numbers from 1 to {most}, but holds {wrong[0]!r}."
                " Was it edited by hand?"
            )


def _flat(values: Any) -> list[Any]:
    """Return the values in lists of lists; none of None."""
    if values is None:
        return []
    if not isinstance(values, (list, tuple)):
        return [values]
    return [each for value in values for each in _flat(value)]


def _is_count(number: object, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= most


def _own_network(name: str) -> Any:
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module), function)


def _class_named(name: str, allowed: tuple[str, ...], path: Path) -> type[nn.Module]:
    """Return a class of modules in one of some packages."""
    module, _, attribute = name.rpartition(".")
    found: Any = None
    if name.startswith(allowed):
        with suppress(ImportError):
            found = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(found, type) or not issubclass(found, nn.Module):
        raise ModelError(
            f"{path} must name classes of {' or '.join(package.rstrip('.') for package in allowed)}, but names {name}."
            " Was the model trained with a network of its own, or with another version of that package?"
        )
    return found


def _misfit(path: Path, reason: str, trainer: str) -> ModelError:
    if trainer in {"", "nnUNetTrainer"}:
        cause = (
            "Do they belong to other plans, another number of channels or labels, or a trainer with its own network?"
        )
    else:
        cause = (
            f"They were trained by {trainer}. Does it build its own network (hnseg-train export --trainer {trainer}"
            " takes that one), or do they belong to other plans, or another number of channels or labels?"
        )
    return ModelError(f"The weights in {path} must fit the network that the plans describe, but {reason}. {cause}")
