import numpy as np
import pytest

from hnseg.imaging.artefacts.bias import bias_factor

SHAPE = (20, 24, 28)
BODY = np.ones(SHAPE, bool)


def field(per_length, axis=0):
    """A field that grows by e to the power of `per_length` along an axis."""
    along = np.exp(np.linspace(0, per_length, SHAPE[axis]))
    return np.broadcast_to(along.reshape([-1 if each == axis else 1 for each in range(3)]), SHAPE).copy()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("per_length", [0.2, 1.0])
def test_the_factor_is_that_between_the_ends(axis, per_length):
    # Ends are 5 and 95 % of the way, to within half a step of the grid.
    assert np.log(bias_factor(1000 * field(per_length, axis), BODY, least_share=0.5)) == pytest.approx(
        0.9 * per_length, rel=0.07
    )


def test_even_tissue_with_bone_and_airways_has_none():
    signal = np.random.default_rng(0).normal(1060, 30, SHAPE)
    signal[3:17, 10:13, 10:13] = 2500
    signal[3:17, 15:17, 15:17] = 24
    assert bias_factor(signal, BODY, least_share=0.5) < 1.05


def test_what_is_outside_the_body_does_not_count():
    signal, body = np.full(SHAPE, 1000.0), np.zeros(SHAPE, bool)
    body[5:15, 5:15, 5:15] = True
    signal[~body] = field(3)[~body]
    assert bias_factor(signal, body, least_share=0.5) == pytest.approx(1)


@pytest.mark.parametrize("size", [0, 2, 5])
def test_a_small_body_has_none(size):
    body = np.zeros(SHAPE, bool)
    body[:size, :size, :size] = True
    assert bias_factor(field(1), body, least_share=0.5) is None


def test_a_flat_body_has_none():
    body = np.zeros(SHAPE, bool)
    body[7:9] = True
    assert bias_factor(field(1), body, least_share=0.5) is None


def test_a_body_without_signal_has_none():
    assert bias_factor(np.zeros(SHAPE), BODY, least_share=0.5) is None
