import numpy as np
import pytest

from hnseg.robustness.perturbations.frequencies import add_weighted


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(7, 8, 9), (8, 7, 6), (1, 5, 4)])
def test_the_real_part_of_the_weighted_transform_is_added(axis, shape):
    rng = np.random.default_rng(axis)
    volume, total = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
    weights = rng.normal(size=shape[axis])
    along = weights.reshape([-1 if each == axis else 1 for each in range(3)])
    shifted = np.fft.fftshift(np.fft.fftn(volume)) * along  # the definition: all axes, complex
    expected = total + np.fft.ifftn(np.fft.ifftshift(shifted)).real
    add_weighted(total, volume, weights, axis=axis)
    np.testing.assert_allclose(total, expected, atol=1e-5)


def test_blocks_make_no_difference(monkeypatch):
    volume = np.random.default_rng(0).normal(size=(6, 10, 8)).astype(np.float32)
    weights = np.linspace(0, 1, 6)
    whole, parts = np.zeros_like(volume), np.zeros_like(volume)
    add_weighted(whole, volume, weights, axis=0)
    monkeypatch.setattr("hnseg.robustness.perturbations.frequencies._BLOCK_VOXELS", 3 * 6 * 8)
    add_weighted(parts, volume, weights, axis=0)
    np.testing.assert_array_equal(parts, whole)
