"""Loading of an ensemble: the choice of device and backend, and the networks with their weights."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch

from hnseg.errors import ConversionError, InputError, ModelError
from hnseg.inference.backends.cuda_backend import load_on_gpu
from hnseg.inference.backends.cuda_memory import UNLIMITED_GIB
from hnseg.inference.backends.protocol import Backend, other_library
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import Ensemble, EnsembleGroup, Predictor
from hnseg.inference.gpu import UNUSED_GPU, unusable_reason
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.bundle_group import BundleGroup, Model
from hnseg.inference.model.manifest import PREVIOUS_FOLDER
from hnseg.machine import is_exhausted, usable_threads
from hnseg.options import BackendName, Precision

logger = logging.getLogger(__name__)


def load_ensemble(
    bundle: Bundle,
    *,
    device: str = "auto",
    vram_gib: float = UNLIMITED_GIB,
    precision: Precision = "exact",
    backend: BackendName = "auto",
) -> Ensemble:
    """Build the networks of a bundle, of both stages where it is a cascade, and give them their weights.

    Sets the number of threads that torch uses in this process to what the machine and its container allow. A GPU is
    made ready by two passes, which take seconds, so that no case's time is measured by them.

    Args:
        bundle: Model folder, opened.
        device: `cpu`, `cuda`, or `auto`: the GPU if there is one and the backend can use it. Where torch can't use one
            that is there, a warning is logged and noted.
        vram_gib: Memory of the GPU that this process may have in all.
        precision: Precision of the networks' arithmetic.
        backend: Library that runs the networks; `auto` is OpenVINO on a processor where it is installed, else torch, or
            onnxruntime for graphs.

    Raises:
        ModelError: The weights don't fit the network that the plans describe, or OpenVINO was asked for and can't run
            it.
        InputError: A GPU was asked for and there is none that can be used; or a library that is not installed, or does
            not run such networks.
    """
    ensemble = _load_alone(bundle, device=device, vram_gib=vram_gib, precision=precision, backend=backend)
    if bundle.previous is None:
        return ensemble
    previous = _load_alone(bundle.previous, device=device, vram_gib=vram_gib, precision=precision, backend=backend)
    return replace(ensemble, previous=previous, notes=(*_first_stage_notes(bundle), *ensemble.notes))


def _first_stage_notes(bundle: Bundle) -> tuple[str, ...]:
    """Return a note where the first stage of a cascade is not in the folder of the second."""
    if bundle.previous is None or bundle.previous.folder == bundle.folder / PREVIOUS_FOLDER:
        return ()
    found = bundle.previous.folder.name
    return (f"The first stage of the cascade is {found}, beside the model folder, which has no {PREVIOUS_FOLDER}/.",)


def _load_alone(
    bundle: Bundle, *, device: str, vram_gib: float, precision: Precision, backend: BackendName
) -> Ensemble:
    """Load the networks of one stage."""
    if backend == "openvino":
        _check_openvino(device)
    _check_library(bundle, backend)
    on_gpu, found = _choose_device(bundle, device) if device != "cpu" and backend != "openvino" else (False, ())
    notes = (*bundle.notes, *found)
    torch.set_num_threads(usable_threads())
    _claim_blas_buffer()
    if on_gpu:
        load = load_on_gpu if bundle.graphs is None else _load_graphs_on_gpu
        return Ensemble(bundle, load(bundle, torch.device("cuda"), precision, vram_gib), vram_gib, notes=notes)
    return _load_on_processor(bundle, precision, backend, notes)


def _load_on_processor(bundle: Bundle, precision: Precision, backend: BackendName, notes: tuple[str, ...]) -> Ensemble:
    """Load the networks into OpenVINO, or the other library that runs them."""
    by_other = partial(TorchBackend.load if bundle.graphs is None else _load_onnxruntime, bundle, precision)
    if backend in {"torch", "onnxruntime"} or not _has_openvino():
        return Ensemble(bundle, by_other(), notes=notes)
    if backend == "openvino" or not (bundle.graphs is None or _has_onnxruntime()):
        return Ensemble(bundle, _load_openvino(bundle, precision), notes=notes)
    try:
        return Ensemble(bundle, _load_openvino(bundle, precision), fallback=by_other, notes=notes)
    except ConversionError as reason:
        note = f"{other_library(bundle)} runs the networks. {reason}"
        logger.info("note: %s", note)
        return Ensemble(bundle, by_other(), notes=(*notes, note))


def load_models(model: Model, **options: Any) -> Predictor:
    """Load the networks of a model, or of several, which all stay loaded.

    Args:
        model: Model folders, opened.
        options: Keyword arguments of `load_ensemble`.

    Raises:
        ModelError: As `load_ensemble` raises it.
        InputError: As `load_ensemble` raises it.
    """
    if isinstance(model, BundleGroup):
        return EnsembleGroup(model, tuple(load_ensemble(bundle, **options) for bundle in model.bundles))
    return load_ensemble(model, **options)


def _claim_blas_buffer() -> None:
    """Have NumPy's OpenBLAS take its working memory now: it ends the process where there is none left."""
    np.eye(2) @ np.eye(2)  # its first product of matrices takes what all later ones use


def _choose_device(bundle: Bundle, device: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a GPU runs the networks of a bundle, and notes.

    Raises:
        InputError: A GPU was asked for, and there is none that can be used, or no library that runs these on it.
    """
    on_gpu, notes = _choose_gpu(device)
    return _choose_runtime_on_gpu(device) if on_gpu and bundle.graphs is not None else (on_gpu, notes)


def _choose_gpu(device: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a GPU runs the networks, and notes: one where a GPU is there and torch can't use it.

    Raises:
        InputError: A GPU was asked for, and there is none that can be used.
    """
    reason = unusable_reason()
    if reason is None and torch.cuda.is_available():
        return True, ()
    if device == "cuda":
        guess = "Was the container started with --gpus all, or is this a build of torch without CUDA?"
        raise InputError(f"A GPU was asked for (device cuda), but torch finds none that it can use. {reason or guess}")
    if reason is None:
        return False, ()
    note = UNUSED_GPU + reason
    logger.warning("%s", note)
    return False, (note,)


def _check_library(bundle: Bundle, backend: BackendName) -> None:
    """Check that the library that was asked for runs such networks, and one that runs graphs is installed.

    Raises:
        InputError: It does not, or none is.
    """
    if bundle.graphs is None and backend == "onnxruntime":
        raise InputError(
            f"onnxruntime (backend onnxruntime) runs graphs, but the networks of {bundle.folder} are those that its"
            " plans describe. Is the backend to be auto, torch or openvino?"
        )
    if bundle.graphs is None:
        return
    if backend == "torch":
        raise InputError(
            f"torch (backend torch) runs networks that plans describe, but the model in {bundle.folder} holds graphs of"
            f" {bundle.graphs.trainer}. Is the backend to be auto, onnxruntime or openvino?"
        )
    if not _has_onnxruntime() and (backend == "onnxruntime" or not _has_openvino()):
        raise InputError(
            f"The graphs in {bundle.folder} must be run by onnxruntime or OpenVINO, but"
            f" {'onnxruntime is not' if backend == 'onnxruntime' else 'neither is'} installed here. Was the extra left"
            " out (pip install 'hnseg[graph]'), or the image built without --build-arg ONNXRUNTIME=1?"
        )


def _choose_runtime_on_gpu(device: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether onnxruntime runs graphs on the GPU that torch finds, and a note where it does not.

    Raises:
        InputError: A GPU was asked for, and it does not.
    """
    if _has_onnxruntime() and _onnxruntime().runs_on_gpu():
        return True, ()
    reason = (
        "The model's networks are graphs, and no onnxruntime for CUDA is installed."
        " Install onnxruntime-gpu instead of onnxruntime (docs/usage.md)."
    )
    if device == "cuda":
        raise InputError(f"A GPU was asked for (device cuda), but nothing here runs these networks on one. {reason}")
    logger.warning("%s", UNUSED_GPU + reason)
    return False, (UNUSED_GPU + reason,)


def _load_graphs_on_gpu(bundle: Bundle, device: torch.device, precision: Precision, vram_gib: float) -> Backend:
    backend: Backend = _onnxruntime().OnnxruntimeBackend.load(bundle, precision, device, vram_gib)
    return backend


def _load_onnxruntime(bundle: Bundle, precision: Precision) -> Backend:
    backend: Backend = _onnxruntime().OnnxruntimeBackend.load(bundle, precision)
    return backend


def _onnxruntime() -> ModuleType:
    """Return the module that runs graphs by onnxruntime: it is optional, and takes a quarter of a second."""
    return importlib.import_module("hnseg.inference.backends.onnxruntime_backend")


def _load_openvino(bundle: Bundle, precision: Precision) -> Backend:
    """Load the networks into OpenVINO.

    Raises:
        ConversionError: It can't load or compile them, for whatever reason.
        ModelError: The weights don't fit the network that the plans describe.
        MemoryError: Memory was not enough.
    """
    try:
        # Imported here, not above: it is optional, and takes a quarter of a second.
        from hnseg.inference.backends.openvino_backend import OpenvinoBackend

        return OpenvinoBackend.load(bundle, precision)
    except ModelError:
        raise
    except Exception as error:
        if is_exhausted(error):
            raise MemoryError(str(error)) from error
        raise ConversionError(
            f"OpenVINO must load and compile the networks, but it ended with: {' '.join(str(error).split())}."
            " Is its installation whole, and this processor not too old for it?"
            f" HNSEG_BACKEND={other_library(bundle)} runs them with {other_library(bundle)}."
        ) from error


def _check_openvino(device: str) -> None:
    if device == "cuda":
        raise InputError(
            "OpenVINO (backend openvino) runs on a processor, but a GPU was asked for (device cuda)."
            " Is the device to be cpu, or the backend torch?"
        )
    if not _has_openvino():
        raise InputError(
            "OpenVINO was asked for (backend openvino), but it is not installed here. Was the extra left out"
            " (pip install 'hnseg[openvino]'), or the image built without --build-arg OPENVINO=1?"
        )


def _has_onnxruntime() -> bool:
    return importlib.util.find_spec("onnxruntime") is not None


def _has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None
