"""Folds, copies, time and memory of one prediction."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from hnseg.errors import DeadlineError, InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference import ensemble as module
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline, Effort
from tests.support.tolerances import assert_same_logits

GRID = Grid((72, 32, 8), (1.0, 1.0, 2.0), (3.0, -5.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
PLAIN = Effort(mirroring=False)


class Constant(nn.Module):
    """Gives every voxel the same logits."""

    def forward(self, batch):
        return torch.tensor([-1.0, 2.5, 2.0]).reshape(1, 3, 1, 1, 1).expand(len(batch), 3, *batch.shape[2:])


@pytest.fixture(scope="module")
def five(make_model):
    return load_ensemble(open_bundle(make_model(folds=(0, 1, 2, 3, 4))), device="cpu", backend="torch")


@pytest.fixture
def channels():
    return noise(GRID)


def noise(grid, count=2):
    array = np.random.default_rng(3).normal(size=(count, *grid.shape_zyx))
    return Channels(array.astype(np.float32), grid)


def only(ensemble, *folds):
    return with_networks(ensemble, (ensemble.backend.networks[fold] for fold in folds))


def with_networks(ensemble, networks):
    backend = dataclasses.replace(ensemble.backend, networks=tuple(networks))
    return dataclasses.replace(ensemble, backend=backend)


def logits(ensemble, channels, effort=PLAIN):
    planes = list(ensemble.start(channels, Deadline.never(), effort=effort).planes())
    return np.stack(planes, axis=1)


def test_every_fold_has_its_own_weights_and_says_something_else(five, channels):
    single = [logits(only(five, fold), channels) for fold in range(5)]
    for fold in range(5):
        for other in range(fold):
            assert np.abs(single[fold] - single[other]).max() > 0.1


@pytest.mark.numeric
def test_the_ensemble_is_the_mean_of_its_folds_logits(five, channels):
    single = [logits(only(five, fold), channels) for fold in range(5)]
    assert_same_logits(logits(five, channels), np.mean(single, axis=0))


@pytest.mark.numeric
def test_mirroring_is_the_mean_over_every_combination_of_axes(five):
    # On an image of one patch, flipping the image flips the tile.
    grid = dataclasses.replace(GRID, size_xyz=(32, 32, 8))
    array = noise(grid).array
    one = only(five, 0)
    axes = [(), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3)]
    flipped = [np.flip(logits(one, Channels(np.flip(array, flips).copy(), grid)), flips) for flips in axes]
    assert_same_logits(logits(one, Channels(array, grid), Effort()), np.mean(flipped, axis=0))


@pytest.mark.numeric
def test_the_same_image_gives_the_same_logits(five, channels):
    assert np.array_equal(logits(five, channels), logits(five, channels))


@pytest.fixture
def batches(five):
    """Collect how many copies of tiles pass through the networks together."""
    seen = []
    hooks = [
        network.register_forward_hook(lambda _network, given, _out: seen.append(len(given[0])))
        for network in five.backend.networks
    ]
    yield seen
    for hook in hooks:
        hook.remove()


@pytest.mark.numeric
def test_on_a_processor_no_copy_passes_alone_where_a_slab_has_two_tiles(five, channels, batches, monkeypatch):
    together = logits(five, channels)  # slabs of one row of four tiles
    assert set(batches) == {2}
    batches.clear()
    monkeypatch.setattr(TorchBackend, "copies_together", 1)
    assert_same_logits(logits(five, channels), together)
    assert set(batches) == {1}


def test_mirrored_copies_of_one_tile_are_pairs_already(five, channels, batches):
    five.start(channels, Deadline.never(), progress=lambda done, _total: batches.append(f"{done} tiles")).predict()
    assert batches[:21] == [2] * 20 + ["1 tiles"]


@pytest.mark.numeric
def test_weights_that_travel_for_every_pass_give_the_same_logits(five, channels):
    streamed = dataclasses.replace(five, backend=dataclasses.replace(five.backend, is_resident=False))
    assert np.array_equal(logits(streamed, channels), logits(five, channels))


@pytest.mark.parametrize("size_xyz", [(1, 1, 1), (5, 40, 3), (32, 32, 8), (33, 71, 9)])
def test_a_constant_network_gives_a_constant_label_map_of_any_size(five, size_xyz):
    constant = with_networks(five, (Constant(),) * 2)
    grid = dataclasses.replace(GRID, size_xyz=size_xyz, spacing_mm=(1.3, 0.7, 1.9))
    ones = Channels(np.ones((2, *grid.shape_zyx), np.float32), grid)
    assert np.abs(logits(constant, ones, Effort()) - np.array([-1, 2.5, 2]).reshape(3, 1, 1, 1)).max() <= 1e-5
    assert np.unique(array_of(constant.predict(ones, Deadline.never()).label_map)).tolist() == [1]


def test_progress_is_told_after_each_tile(five, channels):
    told = []
    one = only(five, 0)
    predicted = one.start(channels, Deadline.never(), effort=PLAIN, progress=lambda *pair: told.append(pair)).predict()
    tiles = predicted.effort_spent.tiles
    assert told == [(done, tiles) for done in range(1, tiles + 1)]


def test_another_number_of_channels_is_refused(five):
    sentence = r"must have the 2 channels of the model in .* \(T2w, noNorm\), but has 3\."
    with pytest.raises(ModelError, match=sentence):
        five.predict(noise(GRID, count=3), Deadline.never())


def test_an_image_larger_than_memory_is_refused_before_any_of_it_is_taken(five, channels, monkeypatch):
    monkeypatch.setattr(module, "free_ram_gib", lambda: 0.001)
    sentence = (
        r"The image must fit into memory, but with \(72, 32, 8\) voxels.* needs about 0\.\d+ GiB and 0\.001 GiB are"
    )
    with pytest.raises(InputError, match=sentence):
        five.predict(channels, Deadline.never())


def test_an_image_thinner_than_a_voxel_is_refused(five):
    grid = dataclasses.replace(GRID, size_xyz=(72, 32, 1), spacing_mm=(1.0, 1.0, 0.5))
    with pytest.raises(InputError, match=r"must be at least one voxel of the model, \(2.0, 1.0, 1.0\) mm, along each"):
        five.predict(noise(grid), Deadline.never())


def test_a_gpu_that_is_not_there_is_told(make_model):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match=r"A GPU was asked for .* but torch finds none"):
        load_ensemble(open_bundle(make_model()), device="cuda")


class Clock:
    """Moves on by a second with every copy of a tile that passes through a network."""

    def __init__(self, networks, pass_s=1.0):
        self.now_s = 0.0
        self.pass_s = pass_s
        self.hooks = [network.register_forward_hook(self._tick) for network in networks]

    def __call__(self):
        return self.now_s

    def _tick(self, _network, arguments, _output):
        self.now_s += self.pass_s * len(arguments[0])


@pytest.fixture
def clock(five):
    ticking = Clock(five.backend.networks)
    yield ticking
    for hook in ticking.hooks:
        hook.remove()


def test_time_for_everything_is_used_for_everything(five, channels, clock):
    predicted = five.predict(channels, Deadline(10_000, 0, clock))
    spent = predicted.effort_spent
    assert (spent.folds, spent.mirrors, spent.step) == (5, 8, 0.5)
    assert clock.now_s == spent.tiles * 40 + 4  # two copies to warm up, two to measure
    assert predicted.notes == ()


def test_mirrored_copies_are_given_up_first(five, channels, clock):
    predicted = five.predict(channels, Deadline(100, 0, clock))
    spent = predicted.effort_spent
    assert clock.now_s < 100
    assert spent.step == 0.5
    assert spent.folds == 5
    assert 1 <= spent.mirrors < 8
    assert len(predicted.notes) == 1
    assert "of 8 mirrored copies" in predicted.notes[0]


def test_then_the_overlap_of_tiles_then_folds(five, channels, clock):
    full = five.predict(channels, Deadline.never(), effort=PLAIN).effort_spent
    clock.now_s = 0
    predicted = five.predict(channels, Deadline(full.tiles * 2.5, 0, clock))
    spent = predicted.effort_spent
    assert 0.5 < spent.step <= 0.75
    assert spent.tiles < full.tiles
    assert 1 <= spent.folds < 5
    assert spent.mirrors < 2
    assert [word in note for word, note in zip(["mirrored", "apart", "folds"], predicted.notes, strict=True)] == [
        True
    ] * 3


def test_less_effort_still_covers_the_image(five, channels, clock):
    run = five.start(channels, Deadline(20, 0, clock))
    planes = list(run.planes())
    assert len(planes) == run.placement.network_shape[0]
    assert np.isfinite(planes).all()
    assert run.effort_spent.mirrors < 2


def test_time_is_kept_for_planes_that_take_longer_than_expected(five, clock):
    grid = dataclasses.replace(GRID, size_xyz=(32, 32, 40))
    run = five.start(noise(grid), Deadline(400, 0, clock))
    for _ in run.planes():
        clock.now_s += 4  # which is what makes a label map of a plane on a machine that others use
    assert 320 < clock.now_s < 400
    assert run.effort_spent.mirrors > 1


def test_time_that_is_over_ends_the_case(five, channels, clock):
    with pytest.raises(DeadlineError, match=r"must end within 6 s, but they were over after \d of \d+ tiles"):
        five.predict(channels, Deadline(6, 0, clock))
    with pytest.raises(DeadlineError, match="must end within 1 s, but they were over after loading and preparing"):
        five.predict(channels, Deadline(1, 0, clock))
