"""Several models on one image: the mean of their probabilities is that of nnU-Net's `ensemble_folders`."""

import itertools
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import DeadlineError, InputError, MemoryShortError
from hnseg.imaging.channels import channels_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.ensemble import EnsembleGroup
from hnseg.inference.loading import load_models
from hnseg.inference.model.bundle_group import open_models
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import begin_prediction, predict, start_prediction
from hnseg.inference.several import probability_sum
from hnseg.inference.several.group_prediction import GroupPrediction
from tests.support.nnunet_several import mean_of

FIVE = {"background": 0, "a": 1, "b": 2, "c": 3, "d": 4}
REGIONS = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "edge": 3}
FINE = {"patch": (16, 24, 24), "spacing_mm": (1.5, 1.5, 1.5)}
THICK = {"patch": (6, 32, 28), "spacing_mm": (5.0, 1.0, 1.0)}
TRANSPOSED = {"patch": (28, 32, 6), "spacing_mm": (1.0, 1.1, 5.0)}
OBLIQUE = (0.0, -0.6, 0.8, 1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
FULL = Effort(mirroring=False)
OF_REGIONS = {"labels": REGIONS, "regions_class_order": (1, 2, 3), "channel_names": ["CT"]}
OF_FIVE = {"labels": FIVE, "channel_names": ["CT"]}
SITUATIONS = {
    "2d with 3d_fullres": (OF_FIVE, [{**THICK, "configuration": "2d"}, THICK]),
    "three of different spacings and orders of axes": (OF_FIVE, [FINE, THICK, TRANSPOSED]),
    "regions, 2d with 3d": (OF_REGIONS, [{**THICK, "configuration": "2d"}, FINE]),
}


@pytest.fixture
def image(tmp_path):
    """Write an image with a border of zeros, on an oblique grid, and return its path."""
    array = np.zeros((13, 41, 37), np.float32)
    array[2:, 3:-2, 5:] = np.random.default_rng(3).normal(40, 90, (11, 36, 32))
    grid = Grid((37, 41, 13), (0.9, 0.9, 3.1), (4.0, -7.0, 9.5), OBLIQUE)
    sitk.WriteImage(image_of(array, grid), str(tmp_path / "case_0000.nii.gz"))
    return tmp_path / "case_0000.nii.gz"


@pytest.fixture
def loaded(make_model):
    """Return a function that makes models, and loads them as one."""

    def load(kind, models, **options):
        folders = [make_model(**kind, **model, **options) for model in models]
        return folders, load_models(open_models(folders, folds=[0]), device="cpu", backend="torch")

    return load


@pytest.fixture
def two(loaded):
    return loaded(OF_FIVE, [{**THICK, "configuration": "2d"}, THICK])[1]


def channels(image, group):
    return channels_of([sitk.ReadImage(str(image))], group.bundle.image_channels)


@pytest.mark.numeric
@pytest.mark.parametrize("situation", SITUATIONS)
def test_label_map_and_probabilities_are_nnunets(situation, loaded, image, tmp_path):
    kind, models = SITUATIONS[situation]
    folders, group = loaded(kind, models)
    assert isinstance(group, EnsembleGroup)
    expected, probabilities = mean_of(folders, [image], tmp_path / "stock")
    found = np.zeros(probabilities.shape, np.float32)
    result = begin_prediction(
        group, channels(image, group), Deadline.never(), effort=FULL, probabilities=found
    ).predict()
    np.testing.assert_allclose(found, probabilities, rtol=0, atol=2e-4)
    assert np.mean(array_of(result.label_map) == expected) >= 0.9999
    assert len(np.unique(expected)) > 2
    assert Grid.of(result.label_map).matches(Grid.of(sitk.ReadImage(str(image))))
    assert result.effort_spent.passes == sum(model["effort_spent"]["passes"] for model in result.models)
    assert [model["name"] for model in result.models] == list(group.bundle.names)
    assert result.notes == group.bundle.notes


@pytest.mark.numeric
def test_one_model_given_twice_is_itself(make_model, image):
    folder = make_model(**OF_FIVE, **THICK)
    alone = load_models(open_models([folder]), device="cpu", backend="torch")
    twice = load_models(open_models([folder, folder]), device="cpu", backend="torch")
    one = predict(alone, [sitk.ReadImage(str(image))], effort=FULL)
    both = predict(twice, [sitk.ReadImage(str(image))], effort=FULL)
    assert np.mean(array_of(one.label_map) == array_of(both.label_map)) >= 0.9999
    assert both.effort_spent == replace(
        one.effort_spent, tiles=2 * one.effort_spent.tiles, passes=2 * one.effort_spent.passes
    )
    assert both.effort_full == one.effort_full
    json.dumps(both.record)


@pytest.mark.numeric
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_sum_in_a_file_gives_the_same(two, image, monkeypatch, dtype):
    given = channels(image, two)
    in_memory = np.zeros((5, *given.grid.shape_zyx), dtype)
    expected = begin_prediction(two, given, Deadline.never(), effort=FULL, probabilities=in_memory).predict()
    monkeypatch.setattr(probability_sum, "free_ram_gib", lambda: 0.0)
    prediction = begin_prediction(two, given, Deadline.never(), effort=FULL)
    assert isinstance(prediction._sum.array, np.memmap)
    assert np.array_equal(array_of(prediction.predict().label_map), array_of(expected.label_map))
    np.testing.assert_allclose(in_memory, prediction._sum.array, rtol=0, atol=1e-3)


@pytest.mark.numeric
def test_the_entropy_is_that_of_the_mean(two, image):
    given = channels(image, two)
    mean = np.zeros((5, *given.grid.shape_zyx), np.float32)
    result = begin_prediction(two, given, Deadline.never(), effort=FULL, probabilities=mean, entropy=True).predict()
    expected = -(mean * np.log(np.maximum(mean, 1e-30))).sum(axis=0)
    np.testing.assert_allclose(array_of(result.entropy), expected, rtol=0, atol=1e-5)


def test_progress_is_that_of_all_models(two, image):
    told = []
    begin_prediction(two, channels(image, two), Deadline.never(), effort=FULL, progress=told.append).predict()
    shares = [work.share for work in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    models = [work.model for work in told]
    assert models == sorted(models)
    assert {(work.model, work.of_models) for work in told} == {(1, 2), (2, 2)}


@pytest.mark.numeric
def test_stopped_in_the_second_model_it_has_the_label_map_of_what_was_done(loaded, image):
    two = loaded(OF_FIVE, [THICK, {**THICK, "configuration": "2d"}])[1]
    given = channels(image, two)
    alone = np.zeros((5, *given.grid.shape_zyx), np.float32)
    begin_prediction(two.ensembles[0], given, Deadline.never(), effort=FULL, probabilities=alone).predict()
    both, found = np.zeros_like(alone), np.zeros_like(alone)
    begin_prediction(two, given, Deadline.never(), effort=FULL, probabilities=both).predict()
    prediction = begin_prediction(two, given, Deadline.never(), effort=FULL, probabilities=found)
    passes = itertools.count(1)

    def stop(*_):
        if next(passes) == 11:
            raise SystemExit(143)

    hooks = [network.register_forward_hook(stop) for network in two.ensembles[1].backend.networks]
    try:
        with pytest.raises(SystemExit):
            prediction.predict()
    finally:
        for hook in hooks:
            hook.remove()
    assert prediction.is_complete
    result = prediction.result()
    planes = result.models[1]["planes"]
    is_of_one = np.isclose(found, alone, rtol=0, atol=1e-5).all(axis=0)
    is_of_both = np.isclose(found, both, rtol=0, atol=1e-5).all(axis=0)
    assert (is_of_one | is_of_both).all()
    assert 0 < planes < 11
    assert np.array_equal(array_of(result.label_map), found.argmax(axis=0))


def test_where_memory_is_short_the_sum_moves_to_a_file_and_the_model_begins_again(two, image):
    began_with = []

    def start(*given, probabilities, **options):
        began_with.append(type(probabilities))
        if not isinstance(probabilities, np.memmap):
            raise MemoryShortError("The image must fit into memory")
        return start_prediction(*given, probabilities=probabilities, **options)

    given = channels(image, two)
    prediction = GroupPrediction(two, given, Deadline.never(), start, FULL)
    assert began_with == [np.ndarray, np.memmap]
    expected = begin_prediction(two, given, Deadline.never(), effort=FULL).predict()
    assert np.array_equal(array_of(prediction.predict().label_map), array_of(expected.label_map))
    with pytest.raises(MemoryShortError):  # an array of somebody else's stays where it is
        GroupPrediction(two, given, Deadline.never(), start, FULL, None, np.zeros((5, *given.grid.shape_zyx), "f4"))


def test_an_uncertainty_is_refused(two, image):
    with pytest.raises(InputError, match="An uncertainty is that of one model's folds, but several models were given"):
        begin_prediction(two, channels(image, two), Deadline.never(), uncertainty=True)


class Ticking:
    """Clock that stands still but for what tests let go by."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def timed(two, image):
    """Return a function that predicts by models whose passes take so many seconds of a clock."""

    def run(pass_s, limit_s):
        clock = Ticking()
        hooks = [
            network.register_forward_hook(partial(_tick, clock, seconds))
            for ensemble, seconds in zip(two.ensembles, pass_s, strict=True)
            for network in ensemble.backend.networks
        ]
        try:
            prediction = begin_prediction(two, channels(image, two), Deadline(limit_s, 0.0, clock), effort=FULL)
            return prediction.predict(), clock
        finally:
            for hook in hooks:
                hook.remove()

    return run


def _tick(clock, seconds, *_):
    clock.now_s += seconds


def test_models_share_the_time_and_end_within_it(timed):
    result, clock = timed((1.0, 3.0), 200.0)
    assert clock.now_s < 200
    assert [model["name"] for model in result.models]
    assert all("effort_spent" in model for model in result.models)
    assert result.effort_spent.step > 0.5 or result.effort_spent.passes < 100


def test_a_model_without_time_is_left_out_and_the_others_are_the_label_map(timed):
    result, _ = timed((0.1, 1000.0), 300.0)
    assert result.models[0]["effort_spent"]["passes"] > 0
    assert result.models[1]["planes"] == 0
    assert [note for note in result.notes if "nothing went into the mean, because its time was over" in note]


def test_where_no_model_ends_in_time_the_case_fails(timed):
    with pytest.raises(DeadlineError, match=r"must end within 10 s, but they were over before there was a label map"):
        timed((100.0, 100.0), 10.0)
