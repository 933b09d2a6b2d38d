"""Graphs of all folds run by onnxruntime, on a processor or a GPU. Needs onnxruntime, which is an optional extra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
import torch

from hnseg.errors import ConversionError
from hnseg.inference.backends.cuda_memory import UNLIMITED_GIB
from hnseg.inference.model.bundle import Bundle
from hnseg.machine import GIB, is_exhausted, usable_threads
from hnseg.options import Precision

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
_ERRORS_ONLY = 3  # of onnxruntime's levels of logging


@dataclass(frozen=True)
class OnnxruntimeBackend:
    """Graphs of all folds, loaded; see `hnseg.inference.backends.protocol.Backend`.

    Attributes:
        sessions: Sessions, one a fold, each with its weights in the memory of the device.
        files: ONNX files that they come from.
        outputs: Number of classes or regions.
        device: Device that runs them.
        precision: Precision that was asked for. All arithmetic is in float32; `fast` lets a GPU round the factors of
            its products to TF32.
    """

    sessions: tuple[onnxruntime.InferenceSession, ...]
    files: tuple[Path, ...]
    outputs: int
    device: torch.device
    precision: Precision
    name: ClassVar[str] = "onnxruntime"
    arithmetic: ClassVar[torch.dtype] = torch.float32
    channels_last: ClassVar[bool] = False
    copies_together: ClassVar[int] = 1
    copies_a_turn: ClassVar[int] = 1
    pass_gib: ClassVar[float] = 0.0

    @classmethod
    def load(
        cls,
        bundle: Bundle,
        precision: Precision = "exact",
        device: torch.device | None = None,
        vram_gib: float = UNLIMITED_GIB,
    ) -> OnnxruntimeBackend:
        """Load the graphs of a bundle.

        Args:
            bundle: Model folder, opened, whose networks are graphs.
            precision: Precision of the arithmetic.
            device: Device that runs them; the processor when left out.
            vram_gib: Memory of the GPU that this process may have in all.

        Raises:
            ConversionError: onnxruntime can't run one.
            MemoryError: Memory was not enough.
        """
        outputs = len(bundle.dataset.output_values)
        return cls.of_files(bundle.weights_files, outputs, precision, device or torch.device("cpu"), vram_gib)

    @classmethod
    def of_files(
        cls,
        files: Sequence[Path],
        outputs: int,
        precision: Precision = "exact",
        device: torch.device = torch.device("cpu"),  # noqa: B008 (a constant)
        vram_gib: float = UNLIMITED_GIB,
    ) -> OnnxruntimeBackend:
        """Load graphs from their files; the arguments are those of `load` and the class.

        Raises:
            ConversionError: onnxruntime can't run one.
            MemoryError: Memory was not enough.
        """
        providers = [*_gpu_provider(precision, vram_gib / len(files))] if device.type == "cuda" else []
        sessions = []
        for path in files:
            with _in_words(path):
                sessions.append(onnxruntime.InferenceSession(str(path), _options(device), providers=[*providers, _CPU]))
        return cls(tuple(sessions), tuple(files), outputs, device, precision)

    @property
    def folds(self) -> int:
        """Number of graphs."""
        return len(self.sessions)

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return a fold's float32 logits (n, k, *patch) of n tiles (n, c, *patch), n being 1.

        Raises:
            ConversionError: onnxruntime failed in the pass.
            MemoryError: It had not enough memory.
        """
        session, batch = self.sessions[fold], batch.contiguous()
        logits = torch.empty((len(batch), self.outputs, *batch.shape[2:]), device=self.device)
        binding = session.io_binding()
        place = (self.device.type, self.device.index or 0, np.float32)
        binding.bind_input(session.get_inputs()[0].name, *place, tuple(batch.shape), batch.data_ptr())
        binding.bind_output(session.get_outputs()[0].name, *place, tuple(logits.shape), logits.data_ptr())
        self.finish()  # onnxruntime does not see what torch has not computed yet
        with _in_words(self.files[fold]):
            session.run_with_iobinding(binding, _run_options(self.device))
        return logits

    def module(self, fold: int) -> None:
        """Return None: its sessions are no modules of torch."""

    def release(self, fold: int) -> None:
        """Do nothing: the folds share the memory of their passes on a processor, and give it back on a GPU."""

    def wait(self) -> None:
        """Do nothing: a pass has ended when its logits are returned."""

    def finish(self) -> None:
        """Wait until what torch computes on the GPU has ended."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def in_single(self) -> None:
        """Return None: all arithmetic is in float32."""

    def lighter(self) -> OnnxruntimeBackend | None:
        """Return the same graphs on the processor, where a GPU runs these; else None."""
        if self.device.type == "cpu":
            return None
        return self.of_files(self.files, self.outputs, self.precision)


def runs_on_gpu() -> bool:
    """Return whether this build of onnxruntime runs graphs on a GPU of NVIDIA's."""
    return _CUDA in onnxruntime.get_available_providers()


def _gpu_provider(precision: Precision, most_gib: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the provider that runs graphs on the GPU, with its settings."""
    settings: dict[str, Any] = {
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": int(precision == "fast"),
    }
    if most_gib < UNLIMITED_GIB:
        settings["gpu_mem_limit"] = int(most_gib * GIB)
    yield _CUDA, settings


def _options(device: torch.device) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_threads()
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait sleep
    if device.type == "cpu":
        _share_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return options


def _run_options(device: torch.device) -> onnxruntime.RunOptions:
    options = onnxruntime.RunOptions()
    if device.type == "cuda":  # every session has memory of its own there, which others need meanwhile
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", f"gpu:{device.index or 0}")
    return options


@cache
def _share_memory() -> None:
    """Let all sessions of this process take the memory of their passes from one arena: folds run one at a time."""
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    same_as_requested = 1
    settings = onnxruntime.OrtArenaCfg({"arena_extend_strategy": same_as_requested})
    onnxruntime.create_and_register_allocator(place, settings)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn whatever onnxruntime raises, whose kinds of error share no base, into a sentence or a lack of memory."""
    try:
        yield
    except Exception as error:
        if is_exhausted(error):
            raise MemoryError(str(error)) from error
        raise ConversionError(
            f"onnxruntime must be able to run {path}, but it ended with: {' '.join(str(error).split())}."
            " Was the graph exported for a later version? HNSEG_BACKEND=openvino runs it with OpenVINO."
        ) from error
