import numpy as np
import pytest

from hnseg.imaging.artefacts.noise import noise_inside, noise_share
from hnseg.imaging.artefacts.spectrum import spectrum_of

SHAPE = (24, 40, 40)
EVERYWHERE = np.ones(SHAPE, bool)


def noise(deviation):
    return np.random.default_rng(3).normal(0, deviation, SHAPE).astype(np.float32)


@pytest.mark.parametrize("deviation", [5, 150])
def test_white_noise_has_its_standard_deviation(deviation):
    assert noise_inside(noise(deviation), EVERYWHERE) == pytest.approx(deviation, rel=0.05)


def test_ramps_and_edges_along_an_axis_are_no_noise():
    block = noise(10) + 30 * np.indices(SHAPE)[2]
    block[:, 20:] += 1000
    assert noise_inside(block.astype(np.float32), EVERYWHERE) == pytest.approx(10, rel=0.1)


def test_constant_padding_around_the_body_does_not_count():
    body = np.zeros(SHAPE, bool)
    body[:, 12:28, 12:28] = True
    block = np.where(body, noise(20), np.float32(-1024))
    inner = np.zeros(SHAPE, bool)
    inner[:, 14:26, 14:26] = True
    assert noise_inside(block, inner) == pytest.approx(20, rel=0.1)
    assert noise_inside(block, EVERYWHERE) < 5


def test_without_a_body_the_whole_block_counts():
    assert noise_inside(noise(900), ~EVERYWHERE) == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 2, 40), (5, 40, 1)])
def test_slices_too_thin_for_a_second_difference_have_none(shape):
    assert noise_inside(np.zeros(shape, np.float32), np.ones(shape, bool)) is None


def test_the_share_is_that_of_noise_on_a_smooth_volume():
    ramp = np.indices(SHAPE)[0].astype(np.float32)
    ramp *= 10 / ramp.std()
    for deviation in (1, 10):
        expected = deviation / np.hypot(deviation, 10)
        assert noise_share(spectrum_of(ramp + noise(deviation))) == pytest.approx(expected, rel=0.15)
