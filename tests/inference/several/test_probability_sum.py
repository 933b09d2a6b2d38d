"""Sum of probabilities, and the label map of the mean beside nnU-Net's `convert_probabilities_to_segmentation`."""

from types import SimpleNamespace

import numpy as np
import pytest
from nnunetv2.utilities.label_handling.label_handling import LabelManager

from hnseg.errors import MemoryShortError
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.several import probability_sum
from hnseg.inference.several.probability_sum import ProbabilitySum

GRID = Grid((7, 6, 5), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
SHAPE = (3, 5, 6, 7)
CLASSES = {"background": 0, "a": 1, "b": 2}
REGIONS = {"background": 0, "whole": [1, 2, 300], "core": [2, 300], "edge": 300}


class Inner:
    """Target of a crop, whose planes follow one another along the rows."""

    @staticmethod
    def planes_in(array):
        return array[1:].swapaxes(0, 1)

    @staticmethod
    def outputs_in(array):
        return array[:, 1:].swapaxes(1, 2)


def random(seed):
    return np.random.default_rng(seed).random(SHAPE).astype(np.float32)


def dataset(labels, order=None):
    return Dataset.model_validate({"channel_names": {"0": "CT"}, "labels": labels, "regions_class_order": order})


@pytest.mark.parametrize(("labels", "order"), [(CLASSES, None), (REGIONS, [1, 2, 300])])
def test_the_mean_and_its_label_map_are_nnunets(labels, order):
    found, models = ProbabilitySum(3, GRID), [random(seed) for seed in range(3)]
    for probabilities in models:
        found.array += probabilities
        found.count_model(Inner)
    found.array[:, 0] /= 3  # where the image was cropped nothing is added
    found.divide()
    mean = (models[0] + models[1] + models[2]) / np.float32(3)
    np.testing.assert_allclose(found.array, mean, rtol=1e-6)
    stock = LabelManager(labels, order).convert_probabilities_to_segmentation(mean)
    label_map = array_of(found.label_map(dataset(labels, order)))
    assert np.array_equal(label_map, stock)
    assert label_map.dtype == (np.uint8 if order is None else np.uint16)


def test_a_model_that_was_stopped_counts_in_its_planes_alone():
    found, models = ProbabilitySum(3, GRID), [random(seed) for seed in range(3)]
    found.array += models[0]
    found.count_model(Inner)
    Inner.outputs_in(found.array)[:, :2] += Inner.outputs_in(models[1])[:, :2]
    found.count_model(Inner, 2)
    Inner.outputs_in(found.array)[...] += Inner.outputs_in(models[2])
    found.count_model(Inner)
    found.count_model(Inner, 0)  # one that gave nothing
    found.divide()
    with_all, with_two = (models[0] + models[1] + models[2]) / 3, (models[0] + models[2]) / 2
    np.testing.assert_allclose(found.array[:, 1:, :2], with_all[:, 1:, :2], rtol=1e-5)
    np.testing.assert_allclose(found.array[:, 1:, 2:], with_two[:, 1:, 2:], rtol=1e-5)


@pytest.mark.parametrize("has_regions", [False, True])
def test_the_entropy_is_that_of_the_mean(has_regions):
    found = ProbabilitySum(3, GRID)
    found.array[...] = random(0)
    p = found.array.astype(float)
    expected = -(p * np.log(p)).sum(axis=0) - has_regions * ((1 - p) * np.log(1 - p)).sum(axis=0)
    np.testing.assert_allclose(array_of(found.entropy(has_regions=has_regions)), expected, rtol=1e-4)


def test_an_array_of_float32_that_was_given_is_the_sum_and_another_gets_the_mean():
    own, half = np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float16)
    assert ProbabilitySum(3, GRID, own).array is own
    assert not ProbabilitySum(3, GRID, own).move_to_file()
    found = ProbabilitySum(3, GRID, half)
    found.array[...] = 0.25
    found.divide()
    assert (half == 0.25).all()


def test_the_sum_moves_to_a_file_once_with_what_it_holds():
    found = ProbabilitySum(3, GRID)
    found.array[...] = random(0)
    found.count_model(Inner)
    assert found.move_to_file()
    assert isinstance(found.array, np.memmap)
    assert np.array_equal(found.array, random(0))
    assert not found.move_to_file()


def test_without_room_in_memory_and_on_the_disk_it_is_refused(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(probability_sum, "free_ram_gib", lambda: 0.0)
    monkeypatch.setattr(probability_sum, "os", SimpleNamespace(posix_fallocate=full))
    with pytest.raises(MemoryShortError, match=r"of 3 classes, but neither the memory nor .* \(No space left"):
        ProbabilitySum(3, GRID)
