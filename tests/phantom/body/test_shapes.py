"""Implicit shapes end where their radii and knots end."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.phantom.body.shapes import Capsule, Contour, Ellipsoid, tube


def inside(shape, *points) -> list[bool]:
    x, y, z = np.array(points, dtype=np.float32).T
    return shape.contains(x, y, z).tolist()


def test_ellipsoid_ends_at_its_radii():
    shape = Ellipsoid((1, 2, 3), (4, 5, 6))
    assert inside(shape, (4.9, 2, 3), (5.1, 2, 3), (1, 6.9, 3), (1, 7.1, 3), (1, 2, 8.9), (1, 2, 9.1)) == [
        True, False, True, False, True, False,
    ]  # fmt: skip
    assert shape.bounds_mm() == ((-3, -3, -3), (5, 7, 9))


def test_higher_power_fills_the_corners():
    corner = (0.7, 0.7, 0.7)
    assert inside(Ellipsoid((0, 0, 0), (1, 1, 1)), corner) == [False]
    assert inside(Ellipsoid((0, 0, 0), (1, 1, 1), power=4), corner) == [True]


def test_capsule_tapers_and_has_round_ends():
    shape = Capsule((0, 0, 0), (0, 0, 10), 4, 2)
    assert inside(shape, (2.9, 0, 5), (3.1, 0, 5), (0, 0, -3.9), (0, 0, 12.1)) == [True, False, True, False]


def test_squashed_capsule_is_thinner_along_one_axis():
    shape = Capsule((0, 0, 0), (0, 0, 10), 4, 4, squash=(0.5, 1, 1))
    assert inside(shape, (1.9, 0, 5), (2.1, 0, 5), (0, 3.9, 5)) == [True, False, True]


@pytest.mark.parametrize("depth_mm", [0.0, 3.0])
def test_contour_is_as_wide_as_its_knots_less_the_depth(depth_mm):
    shape = Contour(((-20, 50, -40, 60), (20, 70, -40, 60)), depth_mm)
    edge = 60 - depth_mm
    assert inside(shape, (edge - 0.1, 10, 0), (edge + 0.1, 10, 0)) == [True, False]
    assert inside(shape, (0, -40 + depth_mm + 0.1, 0), (0, -40 + depth_mm - 0.1, 0)) == [True, False]


def test_contour_is_narrower_in_front():
    shape = Contour(((-20, 50, -50, 50), (20, 50, -50, 50)))
    assert inside(shape, (40, -30, 0), (40, 30, 0)) == [False, True]


def test_tube_runs_through_its_points():
    first, second = tube([(0, 0, 0), (0, 0, 10), (0, 10, 10)], [1, 2, 3])
    assert (first.end, first.end_radius_mm) == (second.start, second.radius_mm) == ((0, 0, 10), 2)
