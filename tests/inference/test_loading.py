"""Loading of an ensemble: the device and the library that are chosen, and choices that are refused."""

import pytest
import torch

from hnseg.errors import InputError
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import usable_threads


def test_every_fold_is_loaded_into_the_library_that_was_asked_for(make_model):
    ensemble = load_ensemble(open_bundle(make_model(folds=(0, 1))), device="cpu", backend="torch")
    assert (ensemble.backend.name, ensemble.backend.folds, ensemble.outputs) == ("torch", 2, 3)
    assert torch.get_num_threads() == usable_threads()


def test_a_gpu_that_is_not_there_is_refused(make_model):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match=r"A GPU was asked for .* but torch finds none"):
        load_ensemble(open_bundle(make_model()), device="cuda")


def test_openvino_on_a_gpu_is_refused(make_model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(InputError, match=r"OpenVINO \(backend openvino\) runs on a processor, but a GPU was asked for"):
        load_ensemble(open_bundle(make_model()), device="cuda", backend="openvino")
