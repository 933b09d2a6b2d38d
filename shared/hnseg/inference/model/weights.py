"""Weights of one fold, read from an nnU-Net checkpoint or from safetensors; never by running code from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from hnseg.errors import ModelError
from hnseg.inference.model.checkpoints.torch_file import read_torch_file
from hnseg.machine import is_exhausted

StateDict = Mapping[str, torch.Tensor]
"""Tensors by nnU-Net's own parameter names."""
_PARALLEL, _COMPILED = "module.", "_orig_mod"


@dataclass(frozen=True)
class Checkpoint:
    """Values of an nnU-Net checkpoint that a predictor needs.

    Attributes:
        state_dict: Parameters of the network.
        configuration: Name of the configuration it was trained in, such as 3d_fullres.
        mirroring_axes: Axes of the patch that may be flipped at test time; empty for none.
        trainer: Name of the class that trained it, such as nnUNetTrainer; empty where the file names none.
    """

    state_dict: StateDict
    configuration: str
    mirroring_axes: tuple[int, ...]
    trainer: str = ""


def read_checkpoint(path: Path) -> Checkpoint:
    """Read an nnU-Net `checkpoint_*.pth` by memory map.

    Whatever else it holds, of whatever library, is neither run nor looked at.

    Raises:
        ModelError: The file is damaged, or is no nnU-Net checkpoint.
    """
    content = checkpoint_content(path)
    try:
        axes = content.get("inference_allowed_mirroring_axes")
        trainer = content.get("trainer_name")
        return Checkpoint(
            state_dict=_by_parameter_names(_dense(content["network_weights"])),
            configuration=_text(content["init_args"]["configuration"]),
            mirroring_axes=tuple(int(axis) for axis in axes or ()),
            trainer=trainer if isinstance(trainer, str) else "",
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"A checkpoint must hold network_weights and init_args as nnU-Net v2 writes them, but {path} does not."
            " Was it written by another program or by nnU-Net v1?"
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _dense(weights: dict[Any, Any]) -> StateDict:
    """Return the weights of a checkpoint, all of which must be dense tensors.

    Raises:
        TypeError: One is something else.
    """
    for name, tensor in dict.items(weights):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} is no dense tensor with its numbers")
    return {str(name): tensor for name, tensor in dict.items(weights)}


def _by_parameter_names(weights: StateDict) -> StateDict:
    """Return weights by the names that the network's parameters have in nnU-Net.

    torch's `DataParallel` and `DistributedDataParallel` put `module.` before all of them, and `torch.compile` puts
    `_orig_mod.` before those of what it compiled.
    """
    by_name = {".".join(part for part in name.split(".") if part != _COMPILED): each for name, each in weights.items()}
    while by_name and all(name.startswith(_PARALLEL) for name in by_name):
        by_name = {name.removeprefix(_PARALLEL): tensor for name, tensor in by_name.items()}
    return by_name


def read_weights(path: Path) -> StateDict:
    """Read a safetensors file by memory map; a tensor that has several names may be there under one of them.

    Raises:
        ModelError: The file is damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"Weights must be a readable safetensors file, but {path} is not ({error})."
            " Was the copy or the download cut short?"
        ) from error


def checkpoint_content(path: Path) -> Any:
    """Return all that a checkpoint of torch's holds, such as the log of a training; tensors are memory-mapped.

    Numbers, text, containers of them and tensors are what was saved; for all else stands a
    `hnseg.inference.model.checkpoints.inert_pickle.Placeholder`.

    Raises:
        ModelError: The file is damaged, or no file of torch's.
    """
    if not path.is_file():
        raise ModelError(f"A checkpoint must be a regular file, but {path} is none. Is it a folder, or a pipe?")
    try:
        return read_torch_file(path)
    except Exception as error:  # a damaged pickle can end in an error of any kind
        if is_exhausted(error):
            raise
        raise _damaged(path) from error


def _damaged(path: Path) -> ModelError:
    return ModelError(
        f"A checkpoint must be a complete file as torch writes it, but {path} can't be read."
        " Was the copy or the download cut short?"
    )
