"""Folds run by torch on a processor: batches and precision."""

import pytest
import torch

from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(folds=(0, 1)))


@pytest.fixture(scope="module")
def tiles(bundle):
    shape = (2, len(bundle.channels), *bundle.configuration.patch_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_logits_are_those_of_the_fold_s_network(bundle, tiles):
    backend = TorchBackend.load(bundle)
    assert backend.folds == 2
    for fold in range(2):
        with torch.inference_mode():
            expected = network_of(bundle, fold)(tiles)
        assert torch.equal(backend.logits(fold, tiles), expected)


def test_fast_is_bfloat16_only_where_the_processor_has_it(bundle, tiles, monkeypatch):
    exact, fast = (TorchBackend.load(bundle, precision) for precision in ("exact", "fast"))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert (exact.arithmetic, fast.arithmetic) == (torch.float32, torch.bfloat16)
    difference = (fast.logits(0, tiles) - exact.logits(0, tiles)).abs().max()
    assert 0 < difference < 0.5
    assert fast.logits(0, tiles).dtype == torch.float32
    assert fast.in_single().arithmetic == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert fast.arithmetic == torch.float32


def test_two_copies_go_together_and_there_is_nothing_lighter(bundle):
    backend = TorchBackend.load(bundle)
    assert (backend.copies_together, backend.copies_a_turn) == (2, 2)
    assert backend.lighter() is None
    assert backend.in_single() is None
