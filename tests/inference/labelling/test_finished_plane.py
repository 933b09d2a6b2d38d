"""Plane of logits: of the ensemble alone, or with its members'."""

import numpy as np

from hnseg.inference.labelling.finished_plane import FinishedPlane
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from tests.support.small_ensembles import PLAIN


def planes_of(ensemble, channels, *, uncertainty):
    prediction = start_prediction(ensemble, channels, Deadline.never(), effort=PLAIN, uncertainty=uncertainty)
    return list(prediction.planes())


def test_members_are_kept_on_request_only_and_leave_the_mean_as_it_is(five, channels):
    without, with_members = (planes_of(five, channels, uncertainty=asked) for asked in (False, True))
    assert all(isinstance(plane, FinishedPlane) and plane.members is None for plane in without)
    for plane, other in zip(with_members, without, strict=True):
        assert np.array_equal(plane.mean, other.mean)
        assert plane.members.is_seen.all()
        np.testing.assert_allclose(plane.members.logits.mean(axis=0), plane.mean, atol=1e-4)
        assert plane.members.logits.std(axis=0).max() > 0.01
