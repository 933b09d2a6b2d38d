"""Target volumes: one inside the other, with the margins of their definition, in soft tissue alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import array_of
from hnseg.phantom.challenges.recurrence.targets import Targets
from tests.phantom.challenges.recurrence.test_site import scene


@pytest.fixture(scope="module")
def around():
    patient, site = scene()
    tumours = site.box.of(array_of(patient.mask)) > 0
    return tumours, site, Targets.around(tumours, site, outline_mm=5.0)


def test_each_volume_lies_in_the_next_and_in_soft_tissue(around):
    tumours, _, targets = around
    volumes = (tumours, targets.gtv, targets.ctv1, targets.ctv2, targets.ctv3, targets.soft_tissue)
    for inner, outer in pairwise(volumes):
        assert (inner <= outer).all()
        assert inner.sum() < outer.sum()


@pytest.mark.parametrize(("inner", "outer", "margin_mm"), [("gtv", "ctv1", 5.0), ("gtv", "ctv2", 10.0)])
def test_margins_are_filled_and_not_exceeded(around, inner, outer, margin_mm):
    _, site, targets = around
    away_mm = ndimage.distance_transform_edt(~getattr(targets, inner), sampling=site.grid.spacing_zyx_mm)
    np.testing.assert_array_equal(getattr(targets, outer), (away_mm <= margin_mm) & targets.soft_tissue)


def test_the_elective_neck_is_on_both_sides_and_below_the_skull(around):
    tumours, site, _ = around
    neck = Targets.around(np.zeros_like(tumours), site, outline_mm=5.0)
    assert not neck.gtv.any()
    x, z = site.coordinates.x[neck.ctv3], site.coordinates.z[neck.ctv3]
    assert 0.4 < (x > 0).mean() < 0.6
    assert np.abs(x).min() > 10
    assert -110 < z.min() < -70
    assert z.max() < 50
