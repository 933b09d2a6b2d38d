"""Temperatures that were put in are found again, each class apart, and a class without errors gets that of all."""

import numpy as np
import pytest

from hnseg.evaluation.calibration.proper_scores import negative_log_likelihood
from hnseg_training.calibration.member_samples import MemberSamples
from hnseg_training.calibration.temperature import fitted_temperatures
from tests.support.calibrated_voxels import voxels_at


def test_each_class_gets_its_own():
    assert fitted_temperatures(voxels_at((2.0, 0.5, 1.3), count=60_000)) == pytest.approx((2.0, 0.5, 1.3), rel=0.06)


def test_several_members_get_those_of_their_mean():
    together = voxels_at((2.0, 0.5, 1.3), count=60_000, members=4)
    assert fitted_temperatures(together) == pytest.approx((2.0, 0.5, 1.3), rel=0.08)
    alone = MemberSamples(together.logits[:, :1], together.classes, together.near)
    assert min(np.divide(fitted_temperatures(alone), fitted_temperatures(together))) > 1.5


def test_no_other_temperature_is_likelier():
    samples = voxels_at((2.0, 0.5, 1.3))
    found = np.array(fitted_temperatures(samples))
    least = negative_log_likelihood(samples.at_temperatures(found))
    for factors in ((1.02, 1, 1), (0.98, 1, 1), (1, 1.02, 1), (1, 0.98, 1), (1, 1, 1.02), (1, 1, 0.98)):
        assert negative_log_likelihood(samples.at_temperatures(found * factors)) > least


def test_a_class_that_is_never_wrong_has_the_temperature_of_all_together():
    samples = voxels_at((2.0, 2.0, 2.0), count=20_000)
    seldom = samples.at((samples.predicted != 2) | samples.is_correct)
    first, second, third = fitted_temperatures(seldom)
    assert third == pytest.approx((first + second) / 2, rel=0.3)
    assert fitted_temperatures(samples.at(samples.predicted == 0))[1:] == (first, first)


def test_few_voxels_leave_probabilities_as_they_are():
    assert fitted_temperatures(voxels_at((2.0, 2.0), count=10)) == (1, 1)
