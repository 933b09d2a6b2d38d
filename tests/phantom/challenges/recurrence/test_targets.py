"""Target volumes: one inside the other, with the margins of their definition, in soft tissue alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from hnseg.imaging.geometry import array_of
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.challenges.recurrence.targets import Targets
from tests.phantom.challenges.recurrence.test_site import scene

OUTLINE_MM = 8.0


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


@pytest.fixture(scope="module")
def around_a_voxel(around):
    """Target volumes around a single voxel in nothing but muscle, and the distance of each voxel from it, mm."""
    _, site, _ = around
    middle = tuple(length // 2 for length in site.grid.shape_zyx)
    tumour = np.zeros(site.grid.shape_zyx, dtype=bool)
    tumour[middle] = True
    in_muscle = replace(site, tissues=np.full_like(site.tissues, Tissue.MUSCLE))
    axes = np.meshgrid(*map(np.arange, tumour.shape), indexing="ij", sparse=True)
    offsets_mm = [(at - m) * mm for at, m, mm in zip(axes, middle, site.grid.spacing_zyx_mm, strict=True)]
    return Targets.around(tumour, in_muscle, outline_mm=OUTLINE_MM), np.sqrt(sum(mm**2 for mm in offsets_mm)), site.grid


def test_the_gtv_of_a_voxel_is_a_ball(around_a_voxel):
    targets, away_mm, _ = around_a_voxel
    np.testing.assert_array_equal(targets.gtv, away_mm <= OUTLINE_MM)


@pytest.mark.parametrize(("name", "margin_mm"), [("ctv1", 5.0), ("ctv2", 10.0)])
def test_margins_are_filled_and_not_exceeded(around_a_voxel, name, margin_mm):
    targets, away_mm, grid = around_a_voxel
    volume = getattr(targets, name)
    assert not volume[away_mm > OUTLINE_MM + margin_mm].any()
    assert volume[away_mm <= OUTLINE_MM + margin_mm - np.linalg.norm(grid.spacing_mm)].all()
    middle = np.unravel_index(away_mm.argmin(), away_mm.shape)
    for axis, mm in enumerate(grid.spacing_zyx_mm):  # through the middle: whole voxels of the outline and the margin
        line = np.moveaxis(volume, axis, -1)[tuple(np.delete(middle, axis))]
        assert line.sum() == 1 + 2 * (OUTLINE_MM // mm + margin_mm // mm)


def test_the_elective_neck_is_on_both_sides_and_below_the_skull(around):
    tumours, site, _ = around
    neck = Targets.around(np.zeros_like(tumours), site, outline_mm=5.0)
    assert not neck.gtv.any()
    x, z = site.coordinates.x[neck.ctv3], site.coordinates.z[neck.ctv3]
    assert 0.4 < (x > 0).mean() < 0.6
    assert np.abs(x).min() > 10
    assert -110 < z.min() < -70
    assert z.max() < 50
