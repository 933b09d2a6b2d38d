"""Numbers that are not finite, wherever one could pass for an image or a label: each is told in a sentence."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from hnseg.errors import ConversionError, InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import predict, start_prediction
from tests.support.model_folders import change, change_checkpoint
from tests.support.small_ensembles import GRID, noise


class OverflowingHereAndThere(TorchBackend):
    """Networks in single precision, of which fold 1 overflows on about half of the tiles until it is told to be so."""

    @property
    def arithmetic(self):
        return torch.float32 if self.is_single else torch.float16

    def logits(self, fold, batch):
        with torch.inference_mode():
            logits = self.networks[fold](batch)
        overflows = fold == 1 and not self.is_single and batch[:, 0].mean() > 0
        return torch.full_like(logits, torch.inf) if overflows else logits


class HalfOnTheProcessor(TorchBackend):
    """Networks that compute on a processor as on a GPU, in half precision."""

    @property
    def arithmetic(self):
        return torch.float32 if self.is_single else torch.float16


def scaled(results, fold, factor):
    """Multiply the last layer's weights of one fold, and so its logits."""

    def edit(content):
        weights = content["network_weights"]
        for name in [name for name in weights if "seg_layers" in name]:
            weights[name] = weights[name] * factor

    change_checkpoint(results / f"fold_{fold}" / "checkpoint_final.pth", edit)
    return results


@pytest.fixture
def results(make_model, tmp_path):
    return shutil.copytree(make_model(folds=(0, 1)), tmp_path / "results")


def by_torch(folder):
    return load_ensemble(open_bundle(folder), device="cpu", backend="torch")


def half(folder):
    ensemble = by_torch(folder)
    return dataclasses.replace(ensemble, backend=HalfOnTheProcessor(ensemble.backend.networks))


def test_half_precision_that_does_not_overflow_is_left_as_it_is(results):
    assert predict(half(results), noise(GRID.size_xyz)).notes == ()


def test_logits_that_overflow_in_half_precision_are_computed_again_in_single(results):
    scaled(results, 0, 1e6)
    ensemble = half(results)
    found, expected = predict(ensemble, noise(GRID.size_xyz)), predict(by_torch(results), noise(GRID.size_xyz))
    np.testing.assert_array_equal(array_of(found.label_map), array_of(expected.label_map))
    (note,) = found.notes
    assert note == (
        f"{expected.effort_spent.tiles} tiles were predicted again in single precision, since half precision"
        " overflowed there."
    )
    assert ensemble.backend.arithmetic == torch.float16  # for the next tile, and the next case


def test_what_a_fold_saw_before_another_overflowed_counts_once(results):
    usual = by_torch(results)
    overflowing = dataclasses.replace(usual, backend=OverflowingHereAndThere(usual.backend.networks))
    expected, found = (
        start_prediction(each, noise((96, 64, 24)), Deadline.never(), uncertainty=True).predict()
        for each in (usual, overflowing)
    )
    (note,) = found.notes
    assert 0 < int(note.split()[0]) < found.effort_spent.tiles
    np.testing.assert_array_equal(found.uncertainty.entropies, expected.uncertainty.entropies)
    np.testing.assert_array_equal(array_of(found.label_map), array_of(expected.label_map))


def test_logits_that_are_not_finite_in_single_precision_are_refused_with_their_fold(results):
    scaled(results, 1, 1e38)
    with pytest.raises(ModelError, match=r"those of \S+/fold_1/checkpoint_final\.pth are NaN or infinite\. Did its"):
        predict(by_torch(results), noise(GRID.size_xyz))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_a_diverged_fold_is_refused_when_it_is_loaded(results, value, backend):
    scaled(results, 1, value)
    with pytest.raises(ModelError, match=r"weights in \S+/fold_1/checkpoint_final\.pth must be finite numbers, but"):
        load_ensemble(open_bundle(results), device="cpu", backend=backend)


@pytest.mark.parametrize("value", [np.inf, np.nan, 3e38, 1e30])
def test_an_image_beyond_the_range_of_single_precision_is_refused(results, value):
    channels = noise(GRID.size_xyz)
    array = channels.array.copy()
    array[0, 2, 3:9, 4:9] = value  # whose squares, at the latest, are infinite
    with pytest.raises(
        InputError, match=r"Channel 0 must hold finite numbers once it is normalised .* Is the image in"
    ):
        predict(by_torch(results), Channels(array, channels.grid))


def test_intensities_of_the_training_set_that_are_no_numbers_are_refused(results):
    def spoil(plans):
        plans["configurations"]["3d_fullres"]["normalization_schemes"] = ["CTNormalization", "NoNormalization"]
        plans["foreground_intensity_properties_per_channel"]["0"]["mean"] = float("nan")

    change(results / "plans.json", spoil)
    with pytest.raises(InputError, match="Channel 0 must hold finite numbers once it is normalised"):
        predict(by_torch(results), noise(GRID.size_xyz))


class Failing:
    """Compiled model whose passes fail."""

    def __init__(self, error):
        self.error = error

    def __call__(self, *_, **__):
        raise self.error

    def release_memory(self):
        pass


@pytest.fixture
def by_openvino(make_model):
    pytest.importorskip("openvino")

    def load(error, backend="auto"):
        ensemble = load_ensemble(open_bundle(make_model(exported=True)), device="cpu", backend=backend)
        ensemble.backend = dataclasses.replace(ensemble.backend, models=(Failing(error),))
        return ensemble

    return load


def test_torch_goes_on_where_openvino_fails_in_a_pass(by_openvino, make_model):
    ensemble = by_openvino(RuntimeError("Exception from src/inference: no such instruction"))
    found = predict(ensemble, noise(GRID.size_xyz))
    expected = predict(by_torch(make_model(exported=True)), noise(GRID.size_xyz))
    np.testing.assert_array_equal(array_of(found.label_map), array_of(expected.label_map))
    assert found.notes[0].startswith("torch runs the networks. OpenVINO must be able to run every pass of a network")
    assert ensemble.backend.name == "torch"


def test_openvino_that_was_asked_for_fails_with_a_sentence(by_openvino):
    with pytest.raises(ConversionError, match=r"one ended with: no such instruction\. .* HNSEG_BACKEND=torch"):
        predict(by_openvino(RuntimeError("no such instruction"), "openvino"), noise(GRID.size_xyz))


def test_memory_that_ends_inside_openvino_is_told_as_such(by_openvino):
    with pytest.raises(MemoryError):
        predict(by_openvino(RuntimeError("std::bad_alloc")), noise(GRID.size_xyz))


@pytest.mark.parametrize("error", [ImportError("libtbb.so.12: cannot open"), RuntimeError("compile"), OSError("x")])
def test_torch_runs_the_networks_where_openvino_does_not_load(make_model, monkeypatch, caplog, error):
    pytest.importorskip("openvino")
    from hnseg.inference.backends.openvino_backend import OpenvinoBackend

    def fail(*_):
        raise error

    monkeypatch.setattr(OpenvinoBackend, "load", fail)
    bundle = open_bundle(make_model(exported=True))
    with caplog.at_level("INFO"):
        assert load_ensemble(bundle, device="cpu").backend.name == "torch"
    assert "note: torch runs the networks. OpenVINO must load and compile the networks, but it" in caplog.text
    with pytest.raises(ConversionError, match="OpenVINO must load and compile the networks, but it ended with"):
        load_ensemble(bundle, device="cpu", backend="openvino")
