"""Surfaces and their distances, solved by hand, and as google-deepmind's library has them."""

from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hnseg.evaluation.measures.surface import hd95_mm, hd_mm, surface_dice, surface_of
from tests.support.surface_oracle import library_hd95_mm, library_hd_mm, library_surface_dice

ANISOTROPIC = (2.0, 0.5, 0.8)


def box(region, shape=(16, 32, 32)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[region] = True
    return mask


def distance_mm(one, other, spacing_zyx_mm=(1.0, 1.0, 1.0)) -> float:
    return hd95_mm(*(surface_of(mask, spacing_zyx_mm=spacing_zyx_mm) for mask in (one, other)))


def test_a_voxel_has_a_surfel_at_each_corner():
    surface = surface_of(box(np.s_[3, 4, 5]), spacing_zyx_mm=ANISOTROPIC)
    lowest, highest = surface.points_mm.min(axis=0), surface.points_mm.max(axis=0)
    np.testing.assert_allclose(highest - lowest, ANISOTROPIC)
    # The triangle through the middles of three edges of a 2 x 0.5 x 0.8 mm cell.
    triangle_mm2 = sqrt((0.5 * 0.8) ** 2 + (2 * 0.8) ** 2 + (2 * 0.5) ** 2) / 8
    np.testing.assert_allclose(surface.areas_mm2, [triangle_mm2] * 8)


def test_a_box_has_the_area_of_its_faces_with_cut_edges():
    # 5 x 6 x 7 voxels of 1 mm: 4 x 5 x 6 mm of flat face, edges cut at 45 degrees, corners cut to triangles.
    surface = surface_of(box(np.s_[2:7, 3:9, 4:11]), spacing_zyx_mm=(1.0, 1.0, 1.0))
    faces, edges, corners = 2 * (4 * 5 + 5 * 6 + 6 * 4), 4 * (4 + 5 + 6) * sqrt(0.5), 8 * sqrt(3) / 8
    assert surface.areas_mm2.sum() == pytest.approx(faces + edges + corners)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_box_moved_by_one_voxel_is_as_far_as_that_voxel_is_long(axis):
    start = [4, 4, 4]
    one = box(tuple(slice(s, s + n) for s, n in zip(start, (8, 24, 24), strict=True)))
    start[axis] += 1
    other = box(tuple(slice(s, s + n) for s, n in zip(start, (8, 24, 24), strict=True)))
    assert distance_mm(one, other, ANISOTROPIC) == pytest.approx(ANISOTROPIC[axis])


@pytest.mark.parametrize(("specks", "expected_mm"), [(17, 0.0), (18, 5.0)])
def test_what_has_less_than_5_percent_of_the_surface_is_ignored(specks, expected_mm):
    # A box of 10 x 10 x 10 has 6 * 81 + 12 * 9 * sqrt(0.5) + sqrt(3) = 564.1 mm2 of surface and a single voxel sqrt(3):
    # 17 voxels make 4.96 %, 18 make 5.24 %. Each has its nearer corners 5 mm from the box's face, the others 6 mm.
    reference = box(np.s_[2:12, 2:12, 2:12], shape=(20, 20, 20))
    prediction = reference.copy()
    for k in range(specks):
        prediction[17, 3 + 2 * (k // 5), 3 + 2 * (k % 5)] = True
    found = distance_mm(prediction, reference)
    assert found == (0.0 if expected_mm == 0 else pytest.approx(expected_mm, abs=1e-9))


def test_the_worse_direction_counts():
    small, large = box(np.s_[6:8, 10:12, 10:12]), box(np.s_[2:12, 6:16, 6:16])
    assert distance_mm(small, large) == distance_mm(large, small) == library_hd95_mm(large, small, (1, 1, 1))
    # From the small box's surface the large one's is 4 mm away, never more; the other way round it is farther.
    assert distance_mm(small, large) > 4


EMPTY, FULL, VOXEL = np.zeros((3, 4, 5), bool), np.ones((3, 4, 5), bool), box(np.s_[0, 3, 0], shape=(3, 4, 5))


@pytest.mark.parametrize(("one", "other"), [(EMPTY, EMPTY), (EMPTY, VOXEL), (FULL, EMPTY)])
def test_the_distance_of_an_empty_mask_is_infinite(one, other):
    assert distance_mm(one, other) == inf == library_hd95_mm(one, other, (1.0, 1.0, 1.0))


def test_a_mask_may_touch_every_border():
    assert distance_mm(FULL, FULL, ANISOTROPIC) == 0
    # One voxel more all around changes nothing: outside the array is outside the mask.
    wider = (np.pad(FULL, 1), np.pad(VOXEL, 1))
    assert distance_mm(FULL, VOXEL, ANISOTROPIC) == pytest.approx(distance_mm(*wider, ANISOTROPIC))


SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (2.0, 0.5, 0.5), ANISOTROPIC, (0.37, 2.2, 1.9)])


@st.composite
def two_masks(draw) -> tuple[np.ndarray, np.ndarray]:
    """Two masks of one shape from empty to full, most of them touching borders, some a single voxel."""
    shape = draw(st.tuples(*[st.integers(1, 9)] * 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    masks = []
    for _ in range(2):
        mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.03, 0.2, 0.5, 0.8, 1.0]))
        if draw(st.booleans()):
            mask &= False
            mask[tuple(rng.integers(shape))] = True
        masks.append(mask)
    return masks[0], masks[1]


@given(two_masks(), SPACINGS)
@settings(max_examples=150, deadline=None)
def test_agrees_with_the_library(masks, spacing_zyx_mm):
    # Where surfels have exactly 95 % of the area, rounding decides which distance it is; everywhere else both are one.
    low, high = (library_hd95_mm(*masks, spacing_zyx_mm, percent=percent) for percent in (95 - 1e-9, 95 + 1e-9))
    found = distance_mm(*masks, spacing_zyx_mm)
    assert found in {inf} & {low, high} or low - 1e-9 <= found <= high + 1e-9


@given(two_masks(), SPACINGS, st.permutations(range(3)))
@settings(deadline=None)
def test_axes_and_spacing_may_change_places_together(masks, spacing_zyx_mm, order):
    turned = [mask.transpose(order) for mask in masks]
    expected = distance_mm(*masks, spacing_zyx_mm)
    assert distance_mm(*turned, tuple(spacing_zyx_mm[axis] for axis in order)) == pytest.approx(expected, abs=1e-9)


def surfaces_of(masks, spacing_zyx_mm):
    return [surface_of(mask, spacing_zyx_mm=spacing_zyx_mm) for mask in masks]


@given(two_masks(), SPACINGS)
@settings(max_examples=25, deadline=None)
def test_hd_agrees_with_the_library(masks, spacing_zyx_mm):
    expected = library_hd_mm(*masks, spacing_zyx_mm)
    assert hd_mm(*surfaces_of(masks, spacing_zyx_mm)) == pytest.approx(expected, abs=1e-9, rel=0)


@given(two_masks(), SPACINGS, st.sampled_from([0.93, 1.93, 2.05]))
@settings(max_examples=25, deadline=None)
def test_surface_dice_agrees_with_the_library(masks, spacing_zyx_mm, tolerance_mm):
    found = surface_dice(*surfaces_of(masks, spacing_zyx_mm), tolerance_mm=tolerance_mm)
    expected = library_surface_dice(*masks, spacing_zyx_mm, tolerance_mm)
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_surface_dice_of_an_empty_mask_is_0_and_of_two_undefined():
    empty, full = surfaces_of((EMPTY, FULL), ANISOTROPIC)
    assert surface_dice(empty, full, tolerance_mm=2) == surface_dice(full, empty, tolerance_mm=2) == 0
    assert isnan(surface_dice(empty, empty, tolerance_mm=2))
    assert hd_mm(empty, full) == inf


def test_one_far_voxel_makes_the_hd_and_hardly_the_surface_dice():
    reference = box(np.s_[2:12, 6:16, 6:16])
    prediction = reference | box(np.s_[6, 10, 30])
    surfaces = surfaces_of((prediction, reference), (1.0, 1.0, 1.0))
    assert hd_mm(*surfaces) == 15  # from the voxel's far side, 30.5, to the box's near one, 15.5
    assert 0.99 < surface_dice(*surfaces, tolerance_mm=2) < 1
