"""Memory of a pass of a graph, measured in a process of its own, which holds nothing that was freed before."""

from __future__ import annotations

import importlib.util
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from math import prod
from pathlib import Path

import numpy as np

from hnseg.machine import GIB, forget_peak, peak_gib

_FLOAT = 4


def pass_gib(graph: Path, shape: tuple[int, ...]) -> float:
    """Return the memory that a pass takes beside the weights: the most of the libraries that run graphs here.

    Args:
        graph: ONNX file.
        shape: Shape (1, c, *patch) of a batch.
    """
    spawn = multiprocessing.get_context("spawn")
    measured = []
    for measure in (_by_onnxruntime, _by_openvino):
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            measured.append(process.submit(measure, graph, shape).result())
    return round(max(*measured, _FLOAT * prod(shape) / GIB), 4)


def _by_onnxruntime(graph: Path, shape: tuple[int, ...]) -> float:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    batch = np.zeros(shape, np.float32)
    before_gib = _peak_from_now_gib()
    session.run(None, {session.get_inputs()[0].name: batch})
    return peak_gib() - before_gib


def _by_openvino(graph: Path, shape: tuple[int, ...]) -> float:
    """Return the memory of OpenVINO's pass; 0 where it is not installed."""
    if importlib.util.find_spec("openvino") is None:
        return 0.0
    import openvino

    core = openvino.Core()
    model = core.compile_model(core.read_model(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    model.release_memory()
    batch = np.zeros(shape, np.float32)
    before_gib = _peak_from_now_gib()
    model(batch)
    return peak_gib() - before_gib


def _peak_from_now_gib() -> float:
    """Return the memory that is resident now, from which the peak counts."""
    forget_peak()
    return peak_gib()
