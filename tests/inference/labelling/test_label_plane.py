"""Labels of one plane, beside interpolation by scipy, skimage and torch of every class at full size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize
from torch.nn.functional import interpolate

from hnseg.inference.labelling.label_plane import LabelPlane
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.preprocessing.axis_map import AxisMap

pytestmark = pytest.mark.numeric

SKIMAGE, TORCH, SCIPY_NEAREST, TORCH_NEAREST = "skimage", "torch", "scipy nearest", "torch nearest"
AXES = {
    SKIMAGE: lambda old, new: AxisMap.spline(old, new, 1),
    TORCH: AxisMap.torch_linear,
    SCIPY_NEAREST: AxisMap.nearest_in_scipy,
    TORCH_NEAREST: AxisMap.nearest_in_torch,
}


def classes(count) -> Dataset:
    return Dataset(
        channel_names={"0": "CT"}, labels={"background": 0, **{f"l{label}": label for label in range(1, count)}}
    )


REGIONS = Dataset(
    channel_names={"0": "CT"},
    labels={"background": 0, "whole": (1, 2, 3), "core": (2, 3), "rim": 3},
    regions_class_order=(1, 300, 2),
)


def labels_of(logits, shape, dataset, kind=SKIMAGE) -> np.ndarray:
    """Return the labels, written into a part of a larger array whose axes are the other way round."""
    rows, columns = (AXES[kind](*lengths) for lengths in zip(logits.shape[1:], shape, strict=True))
    around = np.full((shape[1] + 2, 3, shape[0] + 1), 999, np.uint16)
    plane = LabelPlane(rows, columns, dataset)
    plane.fill(around[1:-1, 1, 1:].T, [plane.prepared(logits)])
    inside = around[1:-1, 1, 1:].T.copy()
    around[1:-1, 1, 1:] = 999
    assert (around == 999).all()  # nothing beside the plane was touched
    return inside


def resized(logits, shape, kind) -> np.ndarray:
    """Return logits at full size as nnU-Net makes them, in float64 where it does."""
    if kind == SKIMAGE:
        return np.stack([resize(one.astype(float), shape, 1, mode="edge", anti_aliasing=False) for one in logits])
    if kind == SCIPY_NEAREST:
        return np.stack([resize(one.astype(float), shape, 0, mode="edge", anti_aliasing=False) for one in logits])
    options = {"mode": "bilinear"} if kind == TORCH else {"mode": "nearest-exact"}
    return interpolate(torch.from_numpy(logits)[None].double(), shape, **options)[0].numpy()


def assert_led_by(labels, full) -> None:
    """Every label is a class of the largest logit, up to the rounding of float32; of equal ones the first."""
    lead = np.take_along_axis(full, labels[None].astype(int), axis=0)[0]
    assert (full.max(axis=0) - lead).max() <= 1e-4
    assert (labels != full.argmax(axis=0)).mean() <= 1e-3


lengths = st.integers(1, 40)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    old=st.tuples(lengths, lengths),
    new=st.tuples(st.integers(1, 140), st.integers(1, 150)),
    count=st.integers(2, 9),
    kind=st.sampled_from([SKIMAGE, TORCH, TORCH_NEAREST]),
    lead=st.sampled_from([0.0, 5.0]),
    seed=st.integers(0, 99),
)
def test_the_largest_interpolated_logit_leads(old, new, count, kind, lead, seed):
    logits = np.random.default_rng(seed).normal(size=(count, *old)).astype(np.float32)
    logits[0] += lead  # then most classes can't lead anywhere
    assert_led_by(labels_of(logits, new, classes(count), kind), resized(logits, new, kind))


@pytest.mark.parametrize("kind", AXES)
@pytest.mark.parametrize("shape", [(29, 150), (90, 31), (29, 31), (70, 140)])
def test_an_axis_may_keep_its_voxels(kind, shape):
    logits = np.random.default_rng(0).normal(size=(7, 29, 31)).astype(np.float32)
    assert_led_by(labels_of(logits, shape, classes(7), kind), resized(logits, shape, kind))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_plane_of_many_classes_of_which_few_lead(threads):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(31, 150, 170)).astype(np.float32)
    logits += 4 * np.kron(rng.normal(size=(31, 5, 5)), np.ones((30, 34))).astype(np.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    labels = labels_of(logits, (210, 238), classes(31))
    torch.set_num_threads(before)
    assert_led_by(labels, resized(logits, (210, 238), SKIMAGE))


def test_of_equal_logits_the_first_class_wins_between_voxels_too():
    one = np.random.default_rng(0).normal(size=(20, 20)).astype(np.float32)
    assert (labels_of(np.stack([one - 1, one, one, one]), (50, 300), classes(4)) == 1).all()


def test_logits_of_minus_infinity_lose_to_all_others_and_the_first_of_them_wins():
    logits = np.full((3, 4, 4), -np.inf, np.float32)
    assert (labels_of(logits, (9, 9), classes(3)) == 0).all()
    logits[2] = -1e30
    assert (labels_of(logits, (9, 9), classes(3)) == 2).all()


def test_a_class_without_a_number_leads_nowhere_and_none_after_it():
    logits = np.array([1, np.nan, 2], np.float32).reshape(3, 1, 1).repeat(4, axis=2)
    logits[:, 0, 3] = 0, 1, 2
    assert labels_of(logits, (1, 4), classes(3)).tolist() == [[0, 0, 0, 2]]


def test_logits_may_be_a_view_of_a_volume():
    volume = np.random.default_rng(0).normal(size=(20, 25, 5, 6)).astype(np.float32)
    logits = volume[:, ::2, 2].transpose(2, 0, 1)
    assert np.array_equal(labels_of(logits, (70, 90), classes(6)), labels_of(logits.copy(), (70, 90), classes(6)))


@pytest.mark.parametrize("dataset", [classes(3), REGIONS])
@pytest.mark.parametrize("weight", [0.25, 0.5, 0.9])
def test_a_plane_between_two_is_of_their_mixture(dataset, weight):
    first, second = np.random.default_rng(0).normal(size=(2, 3, 20, 30)).astype(np.float32)
    plane = LabelPlane(AxisMap.spline(20, 90, 1), AxisMap.spline(30, 200, 1), dataset)
    labels, expected = np.zeros((2, 90, 200), np.uint16)
    plane.fill(labels, [plane.prepared(first), plane.prepared(second)], weight)
    plane.fill(expected, [plane.prepared((1 - weight) * first + weight * second)])
    assert len(np.unique(expected)) >= 3
    assert (labels != expected).mean() <= 1e-4


def test_a_class_leads_where_the_bounds_of_two_nearly_constant_planes_cross_by_rounding():
    # Mixed by this weight, the larger of the first plane's two values gives the smaller result.
    first, second = np.full((2, 2, 4, 4), -9, np.float32)
    first[1], second[1] = -0.9838855862617493, 6.557641506195068
    first[1, 0, 0] = np.nextafter(first[1, 0, 0], np.float32(0))
    plane = LabelPlane(AxisMap.spline(4, 9, 1), AxisMap.spline(4, 9, 1), classes(2))
    labels = np.zeros((9, 9), np.uint8)
    plane.fill(labels, [plane.prepared(first), plane.prepared(second)], 0.1815389096736908)
    assert (labels == 1).all()


def test_more_classes_than_a_byte_holds():
    logits = np.random.default_rng(0).normal(size=(300, 5, 6)).astype(np.float32)
    labels = labels_of(logits, (9, 8), classes(300))
    assert labels.max() > 255
    assert_led_by(labels, resized(logits, (9, 8), SKIMAGE))


@pytest.mark.parametrize("kind", AXES)
def test_the_last_region_that_is_more_likely_than_not_sets_its_value(kind):
    logits = np.random.default_rng(0).normal(size=(3, 20, 30)).astype(np.float32) - 0.5
    logits[:, :, 20:] = -1  # no region in a whole block
    full = resized(logits, (70, 420), kind)
    expected = np.where(full[2] > 0, 2, np.where(full[1] > 0, 300, np.where(full[0] > 0, 1, 0)))
    assert np.unique(expected).tolist() == [0, 1, 2, 300]
    assert (labels_of(logits, (70, 420), REGIONS, kind) != expected).mean() <= 1e-4


def test_one_half_is_not_more_likely_than_not():
    logits = np.array([[1e-9, 1e-6], [-1, 0], [0, -1]], np.float32).reshape(3, 1, 2)
    assert labels_of(logits, (1, 2), REGIONS).tolist() == [[0, 1]]
