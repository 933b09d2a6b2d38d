"""The body below the neck: continuous, with organs at their heights."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.anatomy import structures_of
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.torso import with_torso

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
WHOLE = Grid((56, 32, 104), (9.0, 9.0, 10.0), (-247.5, -139.5, -850.0), STRAIGHT)
HEAD = Grid((56, 56, 40), (4.0, 4.0, 4.0), (-110.0, -110.0, -20.0), STRAIGHT)
POSE = Pose(np.eye(3), (0.0, 0.0, 0.0))
HEIGHTS_MM = -850.0 + 10.0 * np.arange(104)


@pytest.fixture(scope="module")
def habitus() -> Habitus:
    return Habitus.draw(np.random.default_rng(0))


@pytest.fixture(scope="module")
def tissues(habitus: Habitus) -> np.ndarray:
    return paint(with_torso(structures_of(habitus), arms=False), Coordinates.of(WHOLE, POSE, ()))


def test_body_goes_on_to_the_thighs_without_a_gap(tissues):
    filled = (tissues != Tissue.OUTSIDE).any(axis=(1, 2))
    assert filled[(HEIGHTS_MM > -840) & (HEIGHTS_MM < 160)].all()
    # No plate of skin between the head's part of the outline and the trunk's
    within = tissues[(HEIGHTS_MM > -160) & (HEIGHTS_MM < -100), 10:25, 22:34]
    assert (within == Tissue.SKIN).mean() < 0.03


@pytest.mark.parametrize(
    ("tissue", "low_mm", "high_mm", "least_ml", "most_ml"),
    [
        (Tissue.LUNG, -360, -110, 1500, 4500),
        (Tissue.LIVER, -440, -280, 800, 2200),
        (Tissue.SPLEEN, -420, -310, 80, 350),
        (Tissue.KIDNEY, -500, -370, 120, 500),
        (Tissue.HEART_WALL, -330, -220, 80, 500),
    ],
)
def test_organs_lie_at_their_height_and_have_their_size(tissues, tissue, low_mm, high_mm, least_ml, most_ml):
    found = tissues == tissue
    heights = HEIGHTS_MM[found.any(axis=(1, 2))]
    assert low_mm <= heights.min() < heights.max() <= high_mm
    assert least_ml < found.sum() * WHOLE.voxel_volume_mm3 / 1000 < most_ml


def test_liver_lies_on_the_right_and_the_spleen_on_the_left(tissues):
    x = np.arange(56) * 9.0 - 247.5
    sides = [x[np.nonzero(tissues == tissue)[2]].mean() for tissue in (Tissue.LIVER, Tissue.SPLEEN)]
    assert sides[0] < -20
    assert sides[1] > 20


def test_bladder_is_the_lowest_urine(tissues):
    heights = HEIGHTS_MM[(tissues == Tissue.URINE).any(axis=(1, 2))]
    assert -690 < heights.min() < -640


def test_thighs_are_apart(tissues):
    low = tissues[HEIGHTS_MM == -840][0]
    assert (low[16, 26:30] == Tissue.OUTSIDE).any()
    assert (low[16, :26] != Tissue.OUTSIDE).any()
    assert (low[16, 30:] != Tissue.OUTSIDE).any()


def test_arms_make_the_body_wider_and_hold_bone(habitus, tissues):
    armed = paint(with_torso(structures_of(habitus), arms=True), Coordinates.of(WHOLE, POSE, ()))
    waist = (HEIGHTS_MM > -420) & (HEIGHTS_MM < -380)
    wide, narrow = ((one[waist] != Tissue.OUTSIDE).any(axis=(0, 1)).sum() for one in (armed, tissues))
    assert wide > narrow + 4
    beside = armed[waist][..., :9]
    assert (beside == Tissue.CORTICAL_BONE).any()
    assert (beside == Tissue.MUSCLE).any()


def test_head_is_as_it_was_without_a_torso(habitus):
    at = Coordinates.of(HEAD, POSE, ())
    body = structures_of(habitus)
    np.testing.assert_array_equal(paint(with_torso(body, arms=True), at), paint(body, at))
