import numpy as np
import pytest
from skimage.transform import resize

from hnseg_training.fitting.hardening.resampling import resampled_change

SHAPE = (40, 50, 50)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def image(rng) -> np.ndarray:
    return rng.normal(size=SHAPE).astype(np.float32)


def test_an_image_without_a_change_stays_as_it_is(image, rng):
    np.testing.assert_array_equal(resampled_change(image, image, rng), image)


def test_a_change_that_is_the_same_everywhere_stays_whole(image, rng):
    np.testing.assert_allclose(resampled_change(image, image + 2, rng), image + 2, atol=1e-5)


def test_white_noise_keeps_about_as_much_as_under_nnunets_cubic_spline(rng):
    still = np.zeros(SHAPE, np.float32)
    ours, splines = [], []
    for _ in range(10):
        noise = rng.normal(size=SHAPE).astype(np.float32)
        ours.append(resampled_change(still, noise, rng).var())
        coarser = [round(size * rng.uniform(0.8, 1)) for size in SHAPE]
        splines.append(resize(noise, coarser, order=3, mode="edge", anti_aliasing=False, clip=False).var())
    assert np.mean(ours) == pytest.approx(np.mean(splines), rel=0.25)


def test_an_interpolated_change_lies_between_those_of_its_neighbours(rng):
    change = resampled_change(np.zeros(SHAPE, np.float32), rng.uniform(0, 1, SHAPE).astype(np.float32), rng)
    assert change.min() >= 0
    assert change.max() <= 1
