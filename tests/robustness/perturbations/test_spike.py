"""Spikes beside TorchIO, and by the definition in whole complex transforms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hnseg.robustness.perturbations.spike import Spike, add_spikes, draw_spike
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX


def by_definition(volume, spike):
    """Return what TorchIO's text says, in double precision."""
    spectrum = np.fft.fftshift(np.fft.fftn(volume.astype(np.float64)))
    sizes = np.array(volume.shape)
    first = None
    for position in spike.positions_xyz:
        measure = spectrum.real if spike.reference == "real" else np.abs(spectrum)
        first = measure.max() if first is None else first
        index = tuple(np.floor(np.array(position[::-1]) * sizes).astype(int))
        spectrum[index] += spike.intensity * (measure.max() if spike.compound else first)
    return np.fft.ifftn(np.fft.ifftshift(spectrum)).real


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, atol=3e-6 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("normalised", NORMALISED)
@pytest.mark.parametrize("shape", SHAPES_ZYX)
def test_they_are_torchios(ask, shape, normalised):
    volume = NORMALISED[normalised](shape)
    rng = np.random.default_rng(0)
    drawn = [draw_spike(severity, rng) for severity in (1, 2, 3) for _ in range(3)]
    answer = ask(volume, drawn)
    for spike, expected in zip(drawn, answer.arrays, strict=True):
        assert_close(add_spikes(volume, spike.model_copy(update={"reference": answer.spike_reference})), expected)


PLACES = st.sampled_from([0.0, 0.26, 0.5, 0.6, 0.99])  # few, so that spikes meet each other and their conjugates


@given(
    positions=st.lists(st.tuples(PLACES, PLACES, PLACES), min_size=1, max_size=4),
    intensity=st.floats(0.5, 7),
    reference=st.sampled_from(["real", "modulus"]),
    compound=st.booleans(),
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    seed=st.integers(0, 50),
)
@settings(max_examples=300, deadline=None)
def test_they_are_as_defined(positions, intensity, reference, compound, shape, seed):
    volume = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    spike = Spike(positions_xyz=tuple(positions), intensity=intensity, reference=reference, compound=compound)
    assert_close(add_spikes(volume, spike), by_definition(volume, spike))


def test_spikes_compound():
    # On an image of 1 the largest coefficient is the mean's, N. Spikes of 2 N, 4 N and 8 N (2 N counts, then 4 N).
    spike = Spike(positions_xyz=((0.1, 0.1, 0.1), (0.9, 0.3, 0.2), (0.3, 0.6, 0.8)), intensity=2.0)
    ones = np.ones((10, 10, 10), np.float32)
    spectrum = np.fft.fftn(add_spikes(ones, spike)) / ones.size
    heights = np.sort(np.abs(spectrum).ravel())[::-1]
    np.testing.assert_allclose(heights[:7], [4, 4, 2, 2, 1, 1, 1], atol=1e-5)  # the real part halves a spike
    plain = add_spikes(ones, spike.model_copy(update={"compound": False}))
    assert np.abs(plain).max() <= 1 + 3 * 2 + 1e-5
    assert np.abs(add_spikes(ones, spike)).max() > 1 + 3 * 2


def test_one_spike_is_a_wave_of_the_intensity_times_the_mean():
    spike = Spike(positions_xyz=((0.75, 0.5, 0.5),), intensity=3.0)  # of 8 frequencies -4 to 3 along x: 2
    found = add_spikes(np.full((2, 2, 8), 0.5, np.float32), spike)
    np.testing.assert_allclose(found[0, 0], 0.5 + 1.5 * np.array([1, 0, -1, 0] * 2), atol=1e-6)


@pytest.mark.parametrize(("severity", "intensity"), [(1, (1, 3)), (2, (2, 5)), (3, (3, 7))])
def test_they_are_drawn_as_published(severity, intensity):
    rng = np.random.default_rng(0)
    drawn = [draw_spike(severity, rng) for _ in range(400)]
    positions = np.array([spike.positions_xyz for spike in drawn])
    assert positions.shape == (400, severity, 3)  # as many spikes as the severity, never fewer
    assert 0 <= positions.min() < 0.02
    assert 0.98 < positions.max() < 1
    intensities = [spike.intensity for spike in drawn]
    assert intensity[0] <= min(intensities) < max(intensities) <= intensity[1]
    np.testing.assert_allclose(np.mean(intensities), np.mean(intensity), rtol=0.05)


@pytest.mark.parametrize("reference", ["real", "modulus"])
def test_an_empty_image_stays_empty(reference):
    spike = Spike(positions_xyz=((0.2, 0.3, 0.4),) * 2, intensity=3.0, reference=reference)
    assert not add_spikes(np.zeros((4, 5, 6), np.float32), spike).any()
