import numpy as np
import pytest

from hnseg.imaging.artefacts.spectrum import LEAST_VOXELS, spectrum_of

SHAPE = (20, 24, 32)


def test_a_wave_is_at_its_frequency():
    z, _, x = np.indices(SHAPE)
    wave = np.cos(2 * np.pi * (5 * z / 20 + 12 * x / 32)).astype(np.float32)
    found = spectrum_of(wave)
    at = np.unravel_index(found.moduli.argmax(), found.moduli.shape)
    assert [int(bins[index]) for bins, index in zip(found.bins_zyx, at, strict=True)] == [5, 0, 12]
    assert [cycles[index] for cycles, index in zip(found.cycles_zyx, at, strict=True)] == [0.5, 0, 0.75]


def test_neither_unit_nor_offset_change_it():
    volume = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    np.testing.assert_allclose(spectrum_of(volume).moduli, spectrum_of(volume * 64 + 512).moduli, atol=2e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_thin_block_has_none(axis):
    shape = [LEAST_VOXELS + 4] * 3
    shape[axis] = LEAST_VOXELS - 1
    assert spectrum_of(np.random.default_rng(0).normal(size=shape).astype(np.float32)) is None


def test_one_value_has_none():
    assert spectrum_of(np.full(SHAPE, 7, np.float32)) is None
