"""Real CT and T1 MR of one patient, and of an average head, the MR's header turned and moved by a known pose."""

import numpy as np
import pytest

from benchmarks.registration_pairs import half_real_pair, real_pairs
from hnseg.imaging.registration import HOUNSFIELD, RegistrationSettings, register_rigid
from hnseg.imaging.registration.agreement import moved
from tests.support.real_data import needs_real_data, real_data_dir

DATA = real_data_dir()
SETTINGS = RegistrationSettings(fixed=HOUNSFIELD)

needs_pairs = needs_real_data("petctmr_sts", "head_templates_mni")
needs_ct = needs_real_data("ct_headneck_openkbp")


def error_mm(pair, found):
    targets = pair.targets_mm()
    return np.linalg.norm(moved(targets, found.transform) - moved(targets, pair.truth), axis=1).mean()


@needs_pairs
@pytest.mark.parametrize("number", range(3), ids=["STS_032", "STS_048", "MNI"])
def test_real_pair_is_registered_within_the_error_of_its_truth(number):
    pair = list(real_pairs(DATA, repeats=1))[number]
    found = register_rigid(fixed=pair.ct, moving=pair.mr, settings=SETTINGS)
    assert found.accepted, found.in_words()
    assert error_mm(pair, found) < 3


@needs_pairs
def test_mr_of_a_leg_is_not_registered_to_a_head():
    leg, _, head = real_pairs(DATA, repeats=1)
    assert not register_rigid(fixed=head.ct, moving=leg.mr, settings=SETTINGS).accepted


@needs_ct
def test_real_ct_with_a_couch_and_a_t1_made_from_it():
    pair = half_real_pair(DATA, 3)
    found = register_rigid(fixed=pair.ct, moving=pair.mr, settings=SETTINGS)
    assert found.accepted, found.in_words()
    assert error_mm(pair, found) < 0.5
