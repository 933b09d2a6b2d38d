"""Protocol of backends: every one of them gives the same kind of logits."""

import typing

import pytest
import torch

from hnseg.inference.backends.protocol import Backend
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.options import BackendName, Precision
from tests.support.onnx_graphs import with_graphs

LIBRARIES = [name for name in typing.get_args(BackendName) if name != "auto"]


@pytest.fixture(params=LIBRARIES)
def backend(request, make_model, tmp_path) -> Backend:
    if request.param != "torch":
        pytest.importorskip(request.param)
    model = make_model(folds=(0, 1), exported=True)
    if request.param == "onnxruntime":  # it runs graphs alone
        model = with_graphs(model, tmp_path / "graphs")
    return load_ensemble(open_bundle(model), device="cpu", backend=request.param).backend


def test_a_backend_has_every_member_of_the_protocol(backend):
    assert {name for name in vars(Backend) if not name.startswith("_")} <= set(dir(backend))
    assert backend.name in LIBRARIES
    assert backend.precision in typing.get_args(Precision)
    assert backend.device == torch.device("cpu")
    assert backend.folds == 2


def test_a_batch_of_tiles_gives_float32_logits_of_its_size(backend):
    batch = torch.zeros(backend.copies_together, 2, 8, 32, 32)
    logits = backend.logits(1, batch)
    assert (logits.dtype, logits.shape) == (torch.float32, (len(batch), 3, 8, 32, 32))
    backend.release(1)
    assert backend.lighter() is None
