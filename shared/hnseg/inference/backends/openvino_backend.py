"""Folds run by OpenVINO on a processor. Importing this module needs OpenVINO, which is an optional extra."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import openvino
import torch

from hnseg.errors import ConversionError
from hnseg.inference.backends.openvino_graph import core, ending_channels_last, graph_of, with_weights
from hnseg.inference.backends.openvino_onnx import graph_models
from hnseg.inference.backends.protocol import other_library
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import Bundle
from hnseg.machine import is_exhausted, usable_threads
from hnseg.options import Precision
from hnseg.progress.watcher import LINE_START

logger = logging.getLogger(__name__)

_LONG_S = 2.0  # of compiling, before which nothing is told


@dataclass(frozen=True)
class OpenvinoBackend:
    """Networks of all folds, compiled by OpenVINO; see `hnseg.inference.backends.protocol.Backend`.

    Attributes:
        models: Compiled models, one a fold, for one tile at a time: two together are no faster a tile, and take twice
            the memory.
        precision: Precision that was asked for.
        arithmetic: Type of number that they compute in; float32 where the processor has no bfloat16.
        other: Name of the library that runs them where OpenVINO can't.
    """

    models: tuple[openvino.CompiledModel, ...]
    precision: Precision
    arithmetic: torch.dtype
    other: str = "torch"
    name: ClassVar[str] = "openvino"
    device: ClassVar[torch.device] = torch.device("cpu")
    channels_last: ClassVar[bool] = True
    copies_together: ClassVar[int] = 1
    pass_gib: ClassVar[float] = 0.0
    copies_a_turn: ClassVar[int] = 4
    """Least number of copies a turn: to `release` after every second pass took 9 % more processor time."""

    @classmethod
    def load(cls, bundle: Bundle, precision: Precision = "exact") -> OpenvinoBackend:
        """Compile the networks of a bundle.

        Raises:
            ConversionError: OpenVINO can't run the network.
            ModelError: The weights don't fit the network that the plans describe, or a shipped graph is not whole.
        """
        models = [ending_channels_last(model) for model in _models(bundle)]
        has_bfloat16 = "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        arithmetic = torch.bfloat16 if precision == "fast" and has_bfloat16 else torch.float32
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if arithmetic == torch.bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": usable_threads(),
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # a thread that is bound to a busy core waits for it
        }
        return cls(_all_compiled(models, settings), precision, arithmetic, other_library(bundle))

    @property
    def folds(self) -> int:
        """Number of models."""
        return len(self.models)

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch), n being 1.

        They lie in the model's own memory, which its next batch and `release` take back, as (n, *patch, k).

        Raises:
            ConversionError: OpenVINO failed in the pass.
            MemoryError: It had not enough memory.
        """
        try:
            outputs = self.models[fold](batch.contiguous().numpy(), share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            if is_exhausted(error):
                raise MemoryError(str(error)) from error
            raise ConversionError(
                f"OpenVINO must be able to run every pass of a network, but one ended with: {error}."
                f" Is this processor too old for it? HNSEG_BACKEND={self.other} runs it with {self.other}."
            ) from error
        return torch.from_numpy(outputs[0]).movedim(-1, 1)

    def module(self, fold: int) -> None:
        """Return None: its models are no modules of torch."""

    def release(self, fold: int) -> None:
        """Free the memory of a fold's layers, which each model would keep for itself."""
        self.models[fold].release_memory()

    def wait(self) -> None:
        """Do nothing: a pass has ended when its logits are returned."""

    def finish(self) -> None:
        """Do nothing: a pass has ended when its logits are returned."""

    def in_single(self) -> None:
        """Return None: bfloat16 has the range of float32, so nothing overflows that would not there."""

    def lighter(self) -> None:
        """Return None: no memory of a GPU is taken."""


def _models(bundle: Bundle) -> list[openvino.Model]:
    """Return the networks of all folds with their weights in them."""
    if bundle.graphs is not None:
        return graph_models(bundle)
    graph = graph_of(bundle)
    shape = (1, bundle.network_channels, *bundle.configuration.patch_size)
    weights = [network_of(bundle, fold).state_dict() for fold in range(len(bundle.folds))]
    return [with_weights(graph, each, shape, bundle.folder) for each in weights]


def _all_compiled(models: Sequence[openvino.Model], settings: Mapping[str, Any]) -> tuple[openvino.CompiledModel, ...]:
    """Return compiled models, and tell which fold is compiled where that takes long."""
    started_s, compiled = time.monotonic(), []
    for number, model in enumerate(models, start=1):
        if time.monotonic() - started_s >= _LONG_S:
            logger.info("%scompiling fold %d of %d by OpenVINO", LINE_START, number, len(models))
        compiled.append(_compiled(model, settings))
    return tuple(compiled)


def _compiled(model: openvino.Model, settings: Mapping[str, Any]) -> openvino.CompiledModel:
    """Return a compiled model that holds no memory for its layers before its first pass.

    OpenVINO takes it while it compiles. It does not touch it, so that nothing is resident; but a limit on data
    (RLIMIT_DATA) counts it, for every fold: 2.2 GiB each with 32 features in a patch of 128 x 224 x 160 voxels.
    """
    compiled = core().compile_model(model, "CPU", dict(settings))
    compiled.release_memory()
    return compiled
