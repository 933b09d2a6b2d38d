"""From small logits, written by hand, to label maps."""

import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid
from hnseg.inference.budget import EffortSpent
from hnseg.inference.label_map import Logits
from hnseg.inference.plans import Dataset, Spline
from hnseg.inference.preprocessing import Placement

SPENT = EffortSpent(0.5, 1, 1, 1, 1)


def logits_on(array, dataset, *, size_xyz, transpose=(0, 1, 2), crop=None) -> Logits:
    grid = Grid(size_xyz, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    transposed = tuple(grid.shape_zyx[axis] for axis in transpose)
    crop = crop or tuple(slice(0, n) for n in transposed)
    placement = Placement(grid, transpose, crop, (1.0,) * 3, (2.0,) * 3, array.shape[1:])
    return Logits(array.astype(np.float32), placement, grid, dataset, Spline(order=1, force_separate_z=None), SPENT)


def dataset(labels, order=None) -> Dataset:
    return Dataset(channel_names={"0": "T2w"}, labels=labels, regions_class_order=order)


PLAIN = dataset({"background": 0, "a": 1, "b": 2})
REGIONS = dataset({"background": 0, "whole": (1, 2), "core": 2}, (1, 2))


def labels_of(logits) -> np.ndarray:
    return sitk.GetArrayFromImage(logits.to_label_map())


def test_of_equal_logits_the_first_class_wins():
    array = np.array([[0, 0, 5], [0, 3, 5], [0, 3, 5]], float).reshape(3, 1, 1, 3)
    assert labels_of(logits_on(array, PLAIN, size_xyz=(3, 1, 1))).flatten().tolist() == [0, 1, 0]


def test_logits_are_interpolated_before_they_are_compared():
    # Two voxels to four: values at 0, 0.25, 0.75, 1 between them. Class 1 leads class 0 by -2 to 1.
    array = np.array([[0, 0], [-2, 1]], float).reshape(2, 1, 1, 2)
    two = dataset({"background": 0, "a": 1})
    assert labels_of(logits_on(array, two, size_xyz=(4, 1, 1))).flatten().tolist() == [0, 0, 1, 1]


def test_later_regions_lie_over_earlier_ones_and_one_half_is_not_enough():
    array = np.array([[1, -1, 1, 0, 1e-9], [1, 1, -1, 0, -1]], float).reshape(2, 1, 1, 5)
    assert labels_of(logits_on(array, REGIONS, size_xyz=(5, 1, 1))).flatten().tolist() == [2, 2, 1, 0, 0]


def test_what_was_cropped_is_background_and_axes_come_back():
    # The network's first axis is the image's x; it saw x 1 to 3, z 0 to 1, y 2 to 3.
    array = np.zeros((3, 2, 1, 1))
    array[1, 0] = array[2, 1] = 1
    crop = (slice(1, 3), slice(0, 1), slice(2, 3))
    labels = labels_of(logits_on(array, PLAIN, size_xyz=(5, 4, 2), transpose=(2, 0, 1), crop=crop))
    expected = np.zeros((2, 4, 5))
    expected[0, 2, 1], expected[0, 2, 2] = 1, 2
    assert np.array_equal(labels, expected)


@pytest.mark.parametrize(("largest", "pixel"), [(255, sitk.sitkUInt8), (256, sitk.sitkUInt16)])
def test_labels_over_255_need_a_larger_type(largest, pixel):
    regions = dataset({"background": 0, "whole": (1, largest), "core": largest}, (1, largest))
    label_map = logits_on(np.ones((2, 1, 1, 2)), regions, size_xyz=(2, 1, 1)).to_label_map()
    assert label_map.GetPixelID() == pixel
    assert sitk.GetArrayFromImage(label_map).flatten().tolist() == [largest] * 2


def test_memory_does_not_grow_with_the_number_of_classes():
    many = dataset({"background": 0, **{f"l{label}": label for label in range(1, 40)}})
    array = np.random.default_rng(0).normal(size=(40, 8, 24, 24)).astype(np.float32)
    logits = logits_on(array, many, size_xyz=(48, 48, 16))
    tracemalloc.start()
    logits.to_label_map()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    volume = 48 * 48 * 16 * 4
    assert peak < 5 * volume  # a few float32 volumes; all classes would be 40
