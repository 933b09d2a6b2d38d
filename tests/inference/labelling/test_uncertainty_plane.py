"""Uncertainty of planes that some members have not seen, beside a naive computation at full size."""

import numpy as np
import pytest
from scipy.special import expit, softmax, xlogy

from hnseg.inference.labelling.finished_plane import FinishedPlane, MemberLogits
from hnseg.inference.labelling.uncertainty_plane import UncertaintyPlane
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.preprocessing.axis_map import AxisMap

pytestmark = pytest.mark.numeric

OLD, NEW = (30, 40), (70, 150)  # more than a block along either axis
CLASSES = Dataset(channel_names={"0": "CT"}, labels={"background": 0, **{f"l{label}": label for label in range(1, 6)}})
REGIONS = Dataset(
    channel_names={"0": "CT"},
    labels={"background": 0, "whole": (1, 2, 3), "core": (2, 3), "rim": 3},
    regions_class_order=(1, 2, 3),
)
MEMBERS = 4
ROWS, COLUMNS = (AxisMap.spline(old, new, 1) for old, new in zip(OLD, NEW, strict=True))


def planes(dataset, *, is_seen=None, seed=0):
    """Return two planes of logits, some of them far from the others, and 0 where a member has not seen."""
    rng = np.random.default_rng(seed)
    outputs = len(dataset.output_values)
    leading = np.zeros((outputs, *OLD), np.float32)
    leading[0, :15] = 40  # of which most blocks are sure
    found = []
    for _ in range(2):
        logits = rng.normal(0, 3, (MEMBERS, outputs, *OLD)).astype(np.float32) + leading
        seen = np.ones((MEMBERS, *OLD), np.bool_) if is_seen is None else is_seen
        logits *= seen[:, None]
        mean = logits.sum(axis=0) / np.maximum(1, seen.sum(axis=0))
        found.append(FinishedPlane(mean.astype(np.float32), MemberLogits(logits, seen)))
    return found


def at_full_size(near, weight):
    """Return an array (..., y, x) between two, interpolated to the image's grid."""
    between = (1 - weight) * near[0].astype(float) + weight * near[1]
    return np.einsum("...yx,jy,ix->...ji", between, ROWS.weights.astype(float), COLUMNS.weights.astype(float))


def naive(near, weight, dataset, temperatures=None):
    """Return entropy and mutual information, and the voxels (1 + m, k, y, x) of the ensemble and each member."""
    logits = at_full_size([plane.members.logits for plane in near], weight)
    counts = at_full_size([plane.members.is_seen for plane in near], weight) > 0.999
    mean_logits = at_full_size([plane.mean for plane in near], weight)
    if temperatures is not None:
        logits = logits / np.asarray(temperatures)[mean_logits.argmax(axis=0)]
    probabilities = expit(logits) if dataset.has_regions else softmax(logits, axis=1)
    members = np.maximum(1, counts.sum(axis=0))

    def entropy(values, axis):
        terms = -xlogy(values, values)
        return (terms - xlogy(1 - values, 1 - values) if dataset.has_regions else terms).sum(axis=axis)

    predictive = entropy((probabilities * counts[:, None]).sum(axis=0) / members, 0) * counts.any(axis=0)
    own = (entropy(probabilities, 1) * counts).sum(axis=0) / members
    stacked = np.concatenate([mean_logits[None], logits])
    first = np.argmax(stacked, axis=1, keepdims=True)
    masks = stacked > 0 if dataset.has_regions else first == np.arange(stacked.shape[1])[:, None, None]
    masks[1:] = np.where(counts[:, None], masks[1:], masks[:1])
    return predictive, predictive - own, masks, counts


@pytest.mark.parametrize("dataset", [CLASSES, REGIONS], ids=["classes", "regions"])
@pytest.mark.parametrize("is_partly_seen", [False, True])
def test_blocks_give_what_whole_planes_give(dataset, is_partly_seen):
    is_seen = np.ones((MEMBERS, *OLD), np.bool_)
    if is_partly_seen:  # as tiles that folds had no time for leave them: later members less, and a corner nobody
        is_seen[1:, :, 33:] = is_seen[3, 10:] = is_seen[:, 25:, :8] = False
    near = planes(dataset, is_seen=is_seen)
    entropy, mutual_information = np.full((2, NEW[1] + 1, NEW[0]), np.nan, np.float32)[:, :-1].transpose(0, 2, 1)
    plane = UncertaintyPlane(ROWS, COLUMNS, dataset, MEMBERS)
    found = plane.fill(entropy, mutual_information, [plane.prepared(each, each.members) for each in near], 0.3)

    predictive, shared_information, masks, counts = naive(near, 0.3, dataset)
    np.testing.assert_allclose(entropy, predictive, atol=1e-5)
    np.testing.assert_allclose(mutual_information, shared_information, atol=1e-5)
    assert entropy.max() > 0.6
    shared = np.einsum("akyx,bkyx->kab", masks.astype(int), masks.astype(int))
    assert np.abs(found.shared - shared).max() <= 2  # voxels where rounding decides
    inside = (masks[0] * predictive).sum(axis=(1, 2))
    np.testing.assert_allclose(found.entropy, inside, rtol=1e-3, atol=1)
    assert found.seen_by.tolist() == np.bincount(counts.sum(axis=0).ravel(), minlength=MEMBERS + 1).tolist()


def test_where_one_member_saw_there_is_no_mutual_information_and_where_none_did_no_entropy():
    is_seen = np.zeros((MEMBERS, *OLD), np.bool_)
    is_seen[0, :, :20] = True
    near = planes(CLASSES, is_seen=is_seen)[:1]
    entropy, mutual_information = np.full((2, *NEW), np.nan, np.float32)
    plane = UncertaintyPlane(ROWS, COLUMNS, CLASSES, MEMBERS)
    found = plane.fill(entropy, mutual_information, [plane.prepared(each, each.members) for each in near])
    assert mutual_information.max() < 1e-5
    assert entropy[:, :70].max() > 0.6
    assert entropy[:, 80:].max() == 0
    assert found.seen_by[2:].sum() == 0


def test_a_calibrated_models_entropies_are_those_at_the_temperature_of_the_ensembles_class():
    temperatures = (3.0, 0.5, 1.0, 2.0, 0.8, 1.3)
    near = planes(CLASSES)
    entropy, mutual_information = np.full((2, *NEW), np.nan, np.float32)
    plane, without = UncertaintyPlane(ROWS, COLUMNS, CLASSES, MEMBERS, temperatures), np.empty((2, *NEW), np.float32)
    counts = plane.fill(entropy, mutual_information, [plane.prepared(each, each.members) for each in near], 0.3)
    predictive, shared_information, masks, _ = naive(near, 0.3, CLASSES, temperatures)
    np.testing.assert_allclose(entropy, predictive, atol=1e-5)
    np.testing.assert_allclose(mutual_information, shared_information, atol=1e-5)
    assert entropy[:30].max() > 1e-5  # a margin of 40 logits, at a temperature of 3
    np.testing.assert_allclose(counts.entropy, (masks[0] * predictive).sum(axis=(1, 2)), rtol=1e-3, atol=1)

    plain = UncertaintyPlane(ROWS, COLUMNS, CLASSES, MEMBERS)
    uncalibrated = plain.fill(*without, [plain.prepared(each, each.members) for each in near], 0.3)
    assert (uncalibrated.shared == counts.shared).all()  # no label changes
    assert np.abs(without[0] - entropy).max() > 0.1
    at_one = np.empty((2, *NEW), np.float32)
    ones = UncertaintyPlane(ROWS, COLUMNS, CLASSES, MEMBERS, (1.0,) * 6)
    ones.fill(*at_one, [ones.prepared(each, each.members) for each in near], 0.3)
    np.testing.assert_array_equal(at_one, without)


def test_of_fewer_members_a_plane_is_that_of_the_first_and_its_counts_say_that_the_others_saw_nothing():
    (near,) = planes(CLASSES)[:1]
    few = FinishedPlane(near.mean, MemberLogits(near.members.logits[:2], near.members.is_seen[:2]))
    found = []
    for prepared in (
        UncertaintyPlane(ROWS, COLUMNS, CLASSES, MEMBERS).prepared(near, near.members).first(2),
        UncertaintyPlane(ROWS, COLUMNS, CLASSES, 2).prepared(few, few.members),
    ):
        entropies = np.full((2, *NEW), np.nan, np.float32)
        assert prepared.count == 2
        counts = UncertaintyPlane(ROWS, COLUMNS, CLASSES, 2).fill(*entropies, [prepared])
        found.append((entropies, counts.shared))
    for first, second in zip(*found, strict=True):
        assert np.array_equal(first, second)
    widened = counts.of(MEMBERS)
    assert np.array_equal(widened.shared[:, :3, :3], counts.shared)
    for unseen in (3, 4):
        assert np.array_equal(widened.shared[:, unseen, :3], counts.shared[:, 0])
        assert np.array_equal(widened.shared[:, unseen, unseen], counts.shared[:, 0, 0])
    assert widened.seen_by.tolist() == [*counts.seen_by.tolist(), 0, 0]
