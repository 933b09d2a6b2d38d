"""Whole predictions on a pretended GPU: placement, copies, memory that ends anywhere, and time that is told late."""

import dataclasses

import numpy as np
import pytest
import torch

from hnseg.imaging.geometry import array_of
from hnseg.inference.backends.cuda_backend import CudaBackend
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.memory import MemoryNeed
from hnseg.inference.predictor import predict, start_prediction
from hnseg.machine import GIB
from tests.support.pretended_gpu import PretendedGpu
from tests.support.small_ensembles import PLAIN, noise

TILE = (1, 2, 4, 8, 8)


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(patch=(4, 8, 8), spacing_mm=(3.0, 2.0, 2.0), folds=(0, 1)))


@pytest.fixture(scope="module")
def channels():
    return noise((12, 12, 8))  # 12 tiles


@pytest.fixture(scope="module")
def expected(bundle, channels):
    return array_of(predict(load_ensemble(bundle, device="cpu", backend="torch"), channels).label_map)


def in_single(bundle, **given):
    """Return the ensemble on the GPU, computing in float32 as the processor does."""
    ensemble = load_ensemble(bundle, device="cuda", **given)
    return dataclasses.replace(ensemble, backend=dataclasses.replace(ensemble.backend, is_single=True))


@pytest.mark.parametrize("is_resident", [True, False], ids=["resident", "travelling"])
def test_the_label_map_is_the_processor_s_bit_for_bit(bundle, channels, expected, is_resident):
    with PretendedGpu():
        ensemble = in_single(bundle)
        backend = dataclasses.replace(ensemble.backend, is_resident=is_resident)
        result = predict(dataclasses.replace(ensemble, backend=backend), channels)
    assert np.array_equal(array_of(result.label_map), expected)
    assert result.computed_by == {"device": "cuda", "backend": "torch", "precision": "exact", "arithmetic": "float32"}


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_in_half_precision_it_is_nearly_the_processor_s(bundle, channels, expected, precision):
    with PretendedGpu():
        result = predict(load_ensemble(bundle, device="cuda", precision=precision), channels)
    found = array_of(result.label_map)
    assert (found == expected).mean() > 0.95  # of noise, by untrained networks, with near ties everywhere
    assert len(np.unique(found)) > 1
    assert result.notes == ()


def test_weights_that_travel_do_so_once_a_fold_and_tile(bundle, channels):
    with PretendedGpu() as gpu:
        ensemble = in_single(bundle)
        backend = dataclasses.replace(ensemble.backend, is_resident=False)
        gpu.to_device.clear()
        tiles = predict(dataclasses.replace(ensemble, backend=backend), channels).effort_spent.tiles
        weights = sum(tensor.nbytes for network in backend.networks for tensor in network.parameters())
        moved = sum(copy.nbytes for copy in gpu.to_device)
        assert weights * tiles <= moved < 1.1 * weights * tiles


def test_with_the_sums_off_the_gpu_a_tile_goes_there_once(bundle, channels, expected):
    with PretendedGpu() as gpu:
        ensemble = in_single(bundle)
        prediction = start_prediction(ensemble, channels, Deadline.never())
        execution = prediction.sweep.accumulation.execution
        execution.layout = execution.layout.smaller()
        prediction.sweep.accumulation._move()
        for fold in range(2):
            ensemble.backend.logits(fold, torch.zeros(TILE, device="cuda"))  # the weights are there
        gpu.to_device.clear()
        result = prediction.predict()
        tile = [copy for copy in gpu.to_device if tuple(copy.shape) == TILE[1:]]
        assert len(tile) == result.effort_spent.tiles
    assert np.array_equal(array_of(result.label_map), expected)


def test_memory_may_end_at_any_allocation(bundle):
    channels = noise((12, 8, 4))  # 2 tiles
    with PretendedGpu() as gpu:
        ensemble = in_single(bundle)
        predict(ensemble, channels, effort=PLAIN)
        before = gpu.memory.allocations
        plain = array_of(predict(ensemble, channels, effort=PLAIN).label_map)
        count = gpu.memory.allocations - before
        for number in range(0, count, max(1, count // 40)):
            gpu.memory.fail_at = gpu.memory.allocations + number
            result = predict(ensemble, channels, effort=PLAIN)
            assert np.array_equal(array_of(result.label_map), plain), number
            (note,) = result.notes
            assert "sums in float32 on cpu" in note


def test_a_case_steps_down_to_the_processor_and_the_next_begins_on_the_gpu_again(bundle, channels, expected):
    with PretendedGpu() as gpu:
        ensemble = in_single(bundle)
        gpu.memory.fraction = 0.0
        result = predict(ensemble, channels)
        assert result.computed_by["device"] == "cpu"
        assert [note.split("there were ")[1].split(",")[0] for note in result.notes] == [
            "networks on cuda",
            "networks on cuda",
            "networks on cpu",
        ]
        assert gpu.memory.allocated == 0
        gpu.memory.fraction = 1.0
        again = predict(ensemble, channels)
        assert (again.computed_by["device"], again.notes) == ("cuda", ())
    assert np.array_equal(array_of(result.label_map), expected)
    assert np.array_equal(array_of(again.label_map), expected)


def test_the_peak_is_what_was_predicted(bundle):
    channels = noise((40, 24, 4))
    with PretendedGpu() as gpu:
        ensemble = load_ensemble(bundle, device="cuda")
        before = gpu.memory.allocated
        gpu.memory.reset_peak()
        prediction = start_prediction(ensemble, channels, Deadline.never(), effort=PLAIN)
        execution, placement = prediction.sweep.accumulation.execution, prediction.canvas._target.placement
        need = MemoryNeed.of(placement, bundle, execution.layout, pass_gib=ensemble.backend.pass_gib)
        prediction.predict()
        peak_gib = (gpu.memory.peak - before) / GIB
    assert 0.9 < peak_gib / need.predicting_gib <= 1.05


def test_a_slow_first_pass_takes_nothing_of_a_case_s_effort(bundle, channels):
    with PretendedGpu(pass_s=1.0, first_pass_s=500.0) as gpu:
        ensemble = load_ensemble(bundle, device="cuda")
        passes = gpu.passes
        result = predict(ensemble, channels, Deadline(400, gpu.clock.now_s, gpu.clock), effort=PLAIN)
        assert result.effort_spent.passes == 2 * result.effort_spent.tiles
        assert gpu.passes - passes < 2 * 2 * result.effort_spent.tiles
    assert result.notes == ()


@pytest.mark.parametrize("depth", [1, 6, 30])
def test_what_is_given_up_is_the_same_however_far_the_queue_runs_ahead(bundle, depth):
    channels = noise((12, 12, 8))
    with PretendedGpu(pass_s=1.0, depth=depth) as gpu:
        ensemble = load_ensemble(bundle, device="cuda")
        deadline = Deadline(250, gpu.clock.now_s, gpu.clock)
        result = predict(ensemble, channels, deadline, effort=Effort())
        assert 0 < deadline.remaining_s() < 50
    spent = result.effort_spent
    assert (spent.folds, spent.step) == (2, 0.5)  # mirrored copies are given up first
    assert 1 < spent.mirrors < 8


def test_the_backend_of_a_gpu_is_cuda_s(bundle):
    with PretendedGpu():
        assert isinstance(load_ensemble(bundle).backend, CudaBackend)
