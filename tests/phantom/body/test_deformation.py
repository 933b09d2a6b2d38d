"""Smooth random fields have the stated size and length."""

from __future__ import annotations

import numpy as np

from hnseg.phantom.body.deformation import SmoothField


def draw(size: float) -> SmoothField:
    return SmoothField.draw(np.random.default_rng(4), reach_mm=60, length_mm=30, size=size, components=3)


def line(start: float, end: float):
    x = np.linspace(start, end, 400, dtype=np.float32)
    return x, np.zeros_like(x), np.zeros_like(x)


def test_values_have_the_given_standard_deviation():
    np.testing.assert_allclose(draw(2.5).nodes.std(axis=(1, 2, 3)), 2.5, rtol=1e-4)


def test_neighbours_are_alike_and_distant_points_are_not():
    along = draw(1.0).at(*line(-60, 60))
    assert abs(np.diff(along)).max() < 0.1
    assert along.std(axis=1).min() > 0.2


def test_border_value_holds_beyond_the_lattice():
    field = draw(1.0)
    np.testing.assert_array_equal(field.at(*line(100, 100)), field.at(*line(500, 500)))


def test_centre_of_the_field_is_the_middle_node():
    field = draw(1.0)
    middle = field.nodes.shape[1] // 2
    zero = np.zeros(1, dtype=np.float32)
    np.testing.assert_allclose(field.at(zero, zero, zero)[:, 0], field.nodes[:, middle, middle, middle])
