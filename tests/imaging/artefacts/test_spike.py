import numpy as np
import pytest

from hnseg.imaging.artefacts.spectrum import spectrum_of
from hnseg.imaging.artefacts.spike import spike_contrast


def noise():
    return np.random.default_rng(0).normal(0, 1, (48, 48, 48)).astype(np.float32)


def wave(periods_zyx):
    angle = sum(2 * np.pi * count * index / 48 for count, index in zip(periods_zyx, np.indices((48,) * 3), strict=True))
    return np.cos(angle).astype(np.float32)


def test_noise_alone_has_the_contrast_of_rayleighs_distribution():
    # Of 57,600 moduli the largest is about sqrt(ln 57600) = 3.3 of their root mean square, and their mean logarithm
    # -0.29 (half of Euler's constant): 1.19 + 0.29.
    assert spike_contrast(spectrum_of(noise())) == pytest.approx(1.48, abs=0.25)


@pytest.mark.parametrize("periods_zyx", [(9, 14, 11), (-9.4, 14.5, 11.3), (0, 20, 21), (23, 6, 4)])
def test_a_wave_stands_out_whether_its_periods_are_whole_or_not(periods_zyx):
    assert spike_contrast(spectrum_of(noise() + wave(periods_zyx))) > 3


def test_a_stronger_wave_stands_out_more():
    found = [spike_contrast(spectrum_of(noise() + height * wave((9, 14, 11)))) for height in (0.3, 1, 3)]
    assert found == sorted(found)


def test_edges_across_an_axis_are_no_spikes():
    box = noise()
    box[12:30, 10:35, 14:33] += 100
    assert spike_contrast(spectrum_of(box)) < 3
