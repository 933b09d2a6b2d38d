"""Bias field beside TorchIO, and by hand."""

import numpy as np
import pytest

from hnseg.robustness.perturbations.bias import BiasField, draw_bias, multiply_by_bias
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX


@pytest.mark.parametrize("normalised", NORMALISED)
@pytest.mark.parametrize("shape", SHAPES_ZYX)
def test_it_is_torchios(ask, shape, normalised):
    volume = NORMALISED[normalised](shape)
    drawn = [draw_bias(severity, np.random.default_rng(severity)) for severity in (1, 2, 3)]
    answer = ask(volume, drawn)
    for bias, expected in zip(drawn, answer.arrays, strict=True):
        np.testing.assert_allclose(multiply_by_bias(volume, bias), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("severity", "largest", "order", "terms"), [(1, 0.5, 3, 20), (2, 0.75, 3, 20), (3, 1.0, 4, 35)]
)
def test_it_is_drawn_as_published(severity, largest, order, terms):
    rng = np.random.default_rng(0)
    drawn = [draw_bias(severity, rng) for _ in range(100)]
    coefficients = np.array([bias.coefficients for bias in drawn])
    assert {bias.order for bias in drawn} == {order}
    assert coefficients.shape == (100, terms)
    assert -largest <= coefficients.min() < -0.95 * largest
    assert 0.95 * largest < coefficients.max() <= largest
    np.testing.assert_allclose(coefficients.std(), largest / np.sqrt(3), rtol=0.05)  # of a uniform distribution


def test_the_field_is_the_exponential_of_the_polynomial():
    # Order 1: 1, z, y, x in the order of the powers of x, then y, then z
    bias = BiasField(order=1, coefficients=(0.1, 0.2, 0.3, 0.4))
    found = multiply_by_bias(np.full((3, 2, 5), 2.0, np.float32), bias)
    np.testing.assert_allclose(found[0, 0, 0], 2 * np.exp(0.1 - 0.2 - 0.3 - 0.4), rtol=1e-6)
    np.testing.assert_allclose(found[1, 1, 2], 2 * np.exp(0.1 + 0.3), rtol=1e-6)  # the middle of z and x
    np.testing.assert_allclose(found[2, 0, 4], 2 * np.exp(0.1 + 0.2 - 0.3 + 0.4), rtol=1e-6)


def test_zero_stays_zero():
    bias = draw_bias(3, np.random.default_rng(0))
    assert not multiply_by_bias(np.zeros((4, 4, 4), np.float32), bias).any()
