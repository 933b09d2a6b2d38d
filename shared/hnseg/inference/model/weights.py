"""Weights of one fold, read from an nnU-Net checkpoint or from safetensors; never by running code from a file."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from hnseg.errors import ModelError
from hnseg.machine import is_exhausted

StateDict = Mapping[str, torch.Tensor]
"""Tensors by nnU-Net's own parameter names."""


@dataclass(frozen=True)
class Checkpoint:
    """Values of an nnU-Net checkpoint that a predictor needs.

    Attributes:
        state_dict: Parameters of the network.
        configuration: Name of the configuration it was trained in, such as 3d_fullres.
        mirroring_axes: Axes of the patch that may be flipped at test time; empty for none.
    """

    state_dict: StateDict
    configuration: str
    mirroring_axes: tuple[int, ...]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read an nnU-Net `checkpoint_*.pth` by memory map.

    Raises:
        ModelError: The file is damaged, asks for more than numbers and containers, or is no nnU-Net checkpoint.
    """
    content = checkpoint_content(path)
    try:
        axes = content.get("inference_allowed_mirroring_axes")
        return Checkpoint(
            state_dict=_dense(content["network_weights"]),
            configuration=str(content["init_args"]["configuration"]),
            mirroring_axes=tuple(int(axis) for axis in axes or ()),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"A checkpoint must hold network_weights and init_args as nnU-Net v2 writes them, but {path} does not."
            " Was it written by another program or by nnU-Net v1?"
        ) from error


def _dense(weights: Mapping[Any, Any]) -> StateDict:
    """Return the weights of a checkpoint, all of which must be dense tensors.

    Raises:
        TypeError: One is something else.
    """
    for name, tensor in weights.items():
        if not isinstance(tensor, torch.Tensor) or tensor.layout is not torch.strided or tensor.is_meta:
            raise TypeError(f"{name} is no dense tensor with its numbers")
    return {str(name): tensor for name, tensor in weights.items()}


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

    Raises:
        ModelError: The file is damaged, or asks for more than numbers, text and containers of them.
    """
    if not path.is_file():
        raise ModelError(f"A checkpoint must be a regular file, but {path} is none. Is it a folder, or a pipe?")
    try:
        # Only torch's zip files can be mapped; those of before torch 1.6 are read whole.
        is_mapped = zipfile.is_zipfile(path)
        with torch.serialization.safe_globals(_numpy_scalars()):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_mapped)
    except pickle.UnpicklingError as error:
        if (wanted := re.search(r"GLOBAL ([\w.]+)", str(error))) is None:
            raise _damaged(path) from error
        raise ModelError(
            f"A checkpoint may hold only numbers, text and containers of them, but {path} asks for {wanted.group(1)},"
            " which could run code when it is loaded, so it was refused."
            " Was it changed since nnU-Net wrote it, or does its trainer save objects of its own?"
        ) from error
    except Exception as error:  # a damaged pickle can end in an error of any kind
        if is_exhausted(error):
            raise
        raise _damaged(path) from error


def _damaged(path: Path) -> ModelError:
    return ModelError(
        f"A checkpoint must be a complete file as torch writes it, but {path} can't be read."
        " Was the copy or the download cut short?"
    )


def _numpy_scalars() -> list[Any]:
    """Return the types in nnU-Net's training log beside tensors; numpy 1 and 2 name the same function differently."""
    scalar = np._core.multiarray.scalar  # type: ignore[attr-defined]
    kinds = [type(np.dtype(code)) for code in np.typecodes["All"] if code != "O"]  # O holds objects of any class
    named = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    return [*named, np.dtype, *kinds]
