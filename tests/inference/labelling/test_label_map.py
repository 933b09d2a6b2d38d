"""From small logits, written by hand, to label maps."""

import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import zoom
from scipy.special import expit, softmax

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid
from hnseg.inference.labelling.label_map import Canvas, Target, fill_labels, to_label_map
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.nnunet_resampling import Spline, TorchLinear
from hnseg.inference.preprocessing.axis_map import AxisMap
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.inference.preprocessing.resampling import resample
from tests.support.tolerances import assert_same_labels, ties

pytestmark = pytest.mark.numeric

LINEAR = Spline(order=1, force_separate_z=None)


def label_map_of(array, dataset, *, size_xyz, transpose=(0, 1, 2), crop=None, resampling=LINEAR) -> sitk.Image:
    grid = Grid(size_xyz, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    transposed = tuple(grid.shape_zyx[axis] for axis in transpose)
    crop = crop or tuple(slice(0, n) for n in transposed)
    placement = Placement(grid, transpose, crop, (1.0,) * 3, (2.0,) * 3, array.shape[1:])
    planes = np.moveaxis(array, 1, 0).astype(np.float32)
    return to_label_map(iter(planes), Target(placement, grid, dataset, resampling))


def dataset(labels, order=None) -> Dataset:
    return Dataset(channel_names={"0": "T2w"}, labels=labels, regions_class_order=order)


PLAIN = dataset({"background": 0, "a": 1, "b": 2})
MANY = dataset({"background": 0, **{f"l{label}": label for label in range(1, 12)}})
REGIONS = dataset({"background": 0, "whole": (1, 2), "core": 2}, (1, 2))


def labels_of(array, dataset, **options) -> np.ndarray:
    return sitk.GetArrayFromImage(label_map_of(array, dataset, **options))


def test_of_equal_logits_the_first_class_wins():
    array = np.array([[0, 0, 5], [0, 3, 5], [0, 3, 5]], float).reshape(3, 1, 1, 3)
    assert labels_of(array, PLAIN, size_xyz=(3, 1, 1)).flatten().tolist() == [0, 1, 0]


def test_logits_are_interpolated_before_they_are_compared():
    # Two voxels to four: values at 0, 0.25, 0.75, 1 between them. Class 1 leads class 0 by -2 to 1.
    array = np.array([[0, 0], [-2, 1]], float).reshape(2, 1, 1, 2)
    two = dataset({"background": 0, "a": 1})
    assert labels_of(array, two, size_xyz=(4, 1, 1)).flatten().tolist() == [0, 0, 1, 1]


def test_later_regions_lie_over_earlier_ones_and_one_half_is_not_enough():
    array = np.array([[1, -1, 1, 0, 1e-9], [1, 1, -1, 0, -1]], float).reshape(2, 1, 1, 5)
    assert labels_of(array, REGIONS, size_xyz=(5, 1, 1)).flatten().tolist() == [2, 2, 1, 0, 0]


def test_what_was_cropped_is_background_and_axes_come_back():
    # The network's first axis is the image's x; it saw x 1 to 3, z 0 to 1, y 2 to 3.
    array = np.zeros((3, 2, 1, 1))
    array[1, 0] = array[2, 1] = 1
    crop = (slice(1, 3), slice(0, 1), slice(2, 3))
    labels = labels_of(array, PLAIN, size_xyz=(5, 4, 2), transpose=(2, 0, 1), crop=crop)
    expected = np.zeros((2, 4, 5))
    expected[0, 2, 1], expected[0, 2, 2] = 1, 2
    assert np.array_equal(labels, expected)


@pytest.mark.parametrize(("largest", "pixel"), [(255, sitk.sitkUInt8), (256, sitk.sitkUInt16)])
def test_labels_over_255_need_a_larger_type(largest, pixel):
    regions = dataset({"background": 0, "whole": (1, largest), "core": largest}, (1, largest))
    label_map = label_map_of(np.ones((2, 1, 1, 2)), regions, size_xyz=(2, 1, 1))
    assert label_map.GetPixelID() == pixel
    assert sitk.GetArrayFromImage(label_map).flatten().tolist() == [largest] * 2


def smooth_logits(shape, seed=0) -> np.ndarray:
    """Return logits with some classes that lead in large areas and others nowhere."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(shape[0], 3, 3, 3)) * 3
    smooth = zoom(coarse, (1, *(n / 3 for n in shape[1:])), order=1, mode="nearest", grid_mode=True)
    return (smooth + rng.normal(size=shape) * 0.2).astype(np.float32)


def at_full_size(array, resampling, *, size_xyz) -> np.ndarray:
    """Return logits (k, z, y, x) of which every class was resampled at full size."""
    shape = size_xyz[::-1]
    return np.stack([resample(logits, shape, resampling, from_mm=(2.0,) * 3, to_mm=(1.0,) * 3) for logits in array])


@pytest.mark.parametrize("size_xyz", [(150, 170, 13), (40, 30, 4), (300, 30, 9), (29, 31, 9)])
@pytest.mark.parametrize("resampling", [LINEAR, Spline(order=0), Spline(order=3), TorchLinear()])
def test_blocks_and_planes_give_what_whole_volumes_give(size_xyz, resampling):
    array = smooth_logits((12, 9, 31, 29))
    labels = labels_of(array, MANY, size_xyz=size_xyz, resampling=resampling)
    whole = at_full_size(array, resampling, size_xyz=size_xyz)
    expected = np.argmax(whole, axis=0)
    assert len(np.unique(expected)) > 5
    assert_same_labels(labels, expected, ties(whole))


def test_blocks_and_planes_give_the_regions_that_whole_volumes_give():
    array = smooth_logits((2, 9, 31, 29))
    labels = labels_of(array, REGIONS, size_xyz=(150, 170, 13))
    whole, core = logits = at_full_size(array, LINEAR, size_xyz=(150, 170, 13))
    expected = np.where(core > 0, 2, np.where(whole > 0, 1, 0))
    assert np.unique(expected).tolist() == [0, 1, 2]
    assert_same_labels(labels, expected, ties(logits, has_regions=True))


def test_a_class_that_leads_at_no_voxel_of_the_network_may_lead_between_them():
    # Halfway, class 2 has 4 and the others 3.
    array = np.array([[6, 0], [0, 6], [4, 4]], float).reshape(3, 1, 1, 2)
    assert labels_of(array, PLAIN, size_xyz=(3, 1, 1)).flatten().tolist() == [0, 2, 1]


def test_every_plane_is_taken_even_where_the_image_has_fewer():
    taken = iter(np.zeros((9, 3, 1, 1), np.float32))
    grid = Grid((1, 1, 2), (1.0, 1.0, 9.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    placement = Placement(grid, (0, 1, 2), (slice(0, 2), slice(0, 1), slice(0, 1)), (9.0, 1, 1), (2.0, 1, 1), (9, 1, 1))
    to_label_map(taken, Target(placement, grid, PLAIN, LINEAR))
    assert next(taken, None) is None


def test_memory_does_not_grow_with_the_number_of_classes():
    many = dataset({"background": 0, **{f"l{label}": label for label in range(1, 40)}})
    array = np.random.default_rng(0).normal(size=(40, 8, 24, 24)).astype(np.float32)
    tracemalloc.start()
    label_map_of(array, many, size_xyz=(192, 192, 64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 192 * 192 * 64 + 4 * array.nbytes  # the label map in a byte a voxel; one class in floats takes 4


@pytest.mark.parametrize("labels", [MANY, REGIONS], ids=["classes", "regions"])
@pytest.mark.parametrize("rolls_along", [0, 1])
def test_probabilities_come_by_the_same_planes(labels, rolls_along):
    # The network's first axis is the image's x; the image is cropped on every side.
    outputs = len(labels.output_values)
    logits = smooth_logits((outputs, 7, 11, 9))
    grid = Grid((17, 13, 22), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    crop = (slice(1, 15), slice(2, 20), slice(3, 12))
    placement = Placement(grid, (2, 0, 1), crop, (1.0,) * 3, (2.0,) * 3, logits.shape[1:])
    found = np.empty((outputs, *grid.shape_zyx), np.float32)
    canvas = Canvas(Target(placement, grid, labels, LINEAR, rolls_along), found)
    canvas.fill(np.moveaxis(logits, 1 + rolls_along, 0))
    resized = np.stack(
        [resample(one, (14, 18, 9), LINEAR, from_mm=(2.0,) * 3, to_mm=(1.0,) * 3) for one in logits.astype(np.float32)]
    )
    inner = expit(resized) if labels is REGIONS else softmax(resized, axis=0)
    expected = np.zeros_like(found)
    expected[0] = labels is not REGIONS
    expected.transpose(0, 3, 1, 2)[(slice(None), *crop)] = inner
    assert np.allclose(found, expected, atol=1e-6)
    if labels is MANY:
        sure = np.sort(found, axis=0)[-1] - np.sort(found, axis=0)[-2] > 1e-4
        assert np.array_equal(found.argmax(axis=0)[sure], sitk.GetArrayFromImage(canvas.label_map)[sure])


def test_probabilities_of_logits_that_need_all_planes_at_once_are_refused():
    grid = Grid((1, 1, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    everything = (slice(0, 2), slice(0, 1), slice(0, 1))
    placement = Placement(grid, (0, 1, 2), everything, (1.0,) * 3, (2.0,) * 3, (1, 1, 1))
    with pytest.raises(
        InputError, match="linearly, as nnU-Net's plans have it, but this one's are by splines of a higher"
    ):
        Canvas(Target(placement, grid, PLAIN, Spline(order=3)), np.zeros((3, 2, 1, 1), np.float32))


@pytest.mark.parametrize("order", [1, 3])
def test_planes_that_do_not_come_change_nothing(order):
    array = smooth_logits((12, 9, 11, 9))
    grid = Grid((18, 22, 18), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    crop = (slice(0, 18), slice(0, 22), slice(0, 18))
    placement = Placement(grid, (0, 1, 2), crop, (1.0,) * 3, (2.0,) * 3, array.shape[1:])
    canvas = Canvas(Target(placement, grid, MANY, Spline(order=order)))
    planes = np.moveaxis(array, 1, 0).astype(np.float32)
    canvas.fill(planes)
    before = sitk.GetArrayFromImage(canvas.label_map)
    canvas.fill(-planes[:0])
    assert np.array_equal(sitk.GetArrayFromImage(canvas.label_map), before)
    canvas.fill(-planes[:4])
    after = sitk.GetArrayFromImage(canvas.label_map)
    assert np.array_equal(after[8:], before[8:])
    assert np.array_equal(after, before) == (order == 3)  # which needs all of them


def test_a_box_of_the_image_has_the_labels_of_the_whole():
    array = smooth_logits((12, 9, 11, 9)).astype(np.float32)
    grid = Grid((18, 22, 18), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    crop = (slice(0, 18), slice(0, 22), slice(0, 18))
    target = Target(Placement(grid, (0, 1, 2), crop, (1.0,) * 3, (2.0,) * 3, array.shape[1:]), grid, MANY, LINEAR)
    whole = sitk.GetArrayFromImage(to_label_map(np.moveaxis(array, 1, 0), target))
    box, old = (slice(5, 11), slice(3, 20), slice(9, 16)), (slice(2, 6), slice(1, 10), slice(4, 9))
    axes = [AxisMap(each.weights[new, own]) for each, new, own in zip(target.axes(), box, old, strict=True)]
    labels = np.zeros((6, 17, 7), np.uint8)
    fill_labels(labels, np.ascontiguousarray(np.moveaxis(array[(slice(None), *old)], 1, 0)), tuple(axes), MANY)
    np.testing.assert_array_equal(labels, whole[box])
    assert len(np.unique(labels)) > 2
