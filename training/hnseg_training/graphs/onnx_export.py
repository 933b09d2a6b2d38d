"""Export of a network to a file of ONNX, and its comparison with the network."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import onnx.inliner
import torch
from torch import nn

from hnseg.errors import ModelError
from hnseg.inference.model.graph.check import LARGEST_PLAIN_BYTES, external_file
from hnseg.machine import is_exhausted

logger = logging.getLogger(__name__)

_TRACED, _EXPORTED = 17, 18  # versions of ONNX's operators that torch's two exporters write best
_LARGEST_DIFFERENCE = 0.01  # of logits, in their standard deviations; 1e-5 to 1e-3 is rounding

_LONGEST_REASON = 300  # characters of what an exporter says, which may be pages

Logits = Callable[[torch.Tensor], torch.Tensor]
Writer = Callable[[nn.Module, torch.Tensor, Path], None]


def write_onnx(
    network: nn.Module, shape: tuple[int, ...], path: Path, *, largest_plain_bytes: int = LARGEST_PLAIN_BYTES
) -> None:
    """Write a network for batches of one shape.

    torch's trace is taken, which is quick and follows the network as it runs; where it fails, its newer exporter, which
    knows more operators.

    Args:
        network: Network in evaluation mode, with its weights.
        shape: Shape (1, c, *patch) of a batch.
        path: File to write.
        largest_plain_bytes: Size of the weights from which they lie in a file beside it.

    Raises:
        ModelError: Neither can write it, or the network gives no single array.
    """
    example = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    _check_output(network, example)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".onnx-") as unfinished:
        first = Path(unfinished) / path.name
        _write_any(network, example, first)
        size = sum(file.stat().st_size for file in first.parent.iterdir())
        is_large = size > largest_plain_bytes
        onnx.save_model(
            _named(onnx.load(first)),
            path,
            save_as_external_data=is_large,
            location=external_file(path.name) if is_large else None,
            size_threshold=0,
        )


def check_logits(network: nn.Module, logits: Logits, shape: tuple[int, ...], *, library: str, path: Path) -> None:
    """Check that a graph gives the network's logits, for two batches: a graph that was fitted to one fails the other.

    Args:
        network: Network in evaluation mode.
        logits: Function that runs the graph.
        shape: Shape of a batch.
        library: Name of the library that runs it, for errors.
        path: File of the graph, for errors.

    Raises:
        ModelError: They differ by more than rounding.
    """
    for seed in (1, 2):
        batch = seed * torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        with torch.inference_mode():
            expected = network(batch)
        difference = (logits(batch) - expected).abs().max().item()
        if not difference <= _LARGEST_DIFFERENCE * expected.std().item():
            raise ModelError(
                f"{library} must give the logits that torch gives for the network of {path.name}, but they differ by up"
                f" to {difference:.3g}. Does the network draw at random, or decide by the values of an image?"
            )


def _write_any(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    """Write a file by the first of torch's exporters that can."""
    by_trace = _failure_of(_trace, network, example, path)
    by_export = by_trace and _failure_of(_export, network, example, path)
    if by_export:
        raise ModelError(
            f"The network of {path.name} must be written as a graph of ONNX's own operators, but can't be (torch's"
            f" trace: {by_trace}; its exporter: {by_export}). Does it have operators of its own, such as kernels for"
            " CUDA?"
        )


def _failure_of(write: Writer, network: nn.Module, example: torch.Tensor, path: Path) -> str:
    """Write a file, and return why that failed; empty where it did not."""
    try:
        with _quietly(), torch.no_grad():
            write(network, example, path)
    except Exception as error:
        if is_exhausted(error):
            raise
        return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
    return ""


def _trace(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    had_fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operator for all of an attention, which ONNX does not have
    try:
        torch.onnx.export(
            network,
            (example,),
            path,
            dynamo=False,
            opset_version=_TRACED,
            input_names=["tile"],
            output_names=["logits"],
        )
    finally:
        torch.backends.mha.set_fastpath_enabled(had_fast_path)


def _export(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    torch.onnx.export(
        network,
        (example,),
        path,
        dynamo=True,
        opset_version=_EXPORTED,
        input_names=["tile"],
        output_names=["logits"],
        verbose=False,
    )


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model without the notes of its exporter, which hold paths of this machine."""
    model = onnx.inliner.inline_local_functions(model) if model.functions else model
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


def _check_output(network: nn.Module, example: torch.Tensor) -> None:
    with torch.inference_mode():
        found = network(example)
    if not isinstance(found, torch.Tensor) or found.shape[2:] != example.shape[2:]:
        given = f"of the shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else type(found).__name__
        raise ModelError(
            f"A network must give one array of logits for every voxel of its patch, {tuple(example.shape[2:])}, but"
            f" gives {given}. Does it heed enable_deep_supervision=False?"
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what torch's exporters print and warn of, which is for their makers, from the terminal."""
    root = logging.getLogger()
    level = root.manager.disable
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(level)
