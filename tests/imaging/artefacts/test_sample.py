import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.artefacts.sample import BLOCK_VOXELS, sample_of


def ct_with_a_body(shape_zyx, body):
    array = np.full(shape_zyx, -1000, np.int16)
    array[body] = 40
    return sitk.GetImageFromArray(array)


def test_a_large_image_gives_a_block_about_the_body_and_a_coarse_copy():
    body = (slice(10, 50), slice(160, 300), slice(20, 120))
    found = sample_of(ct_with_a_body((60, 320, 320), body), "ct")
    assert found.block.shape == (60, BLOCK_VOXELS, BLOCK_VOXELS)
    # The middle of the body is (29.5, 229.5, 69.5): rows 166 to 293 and columns 6 to 133, to within a coarse voxel.
    assert (found.block == 40).sum() == 40 * 128 * 100
    assert found.block_body[found.block == 40].mean() > 0.97
    # The coarse copy has steps of 1, 5 and 5 voxels, and is smoothed over three of them.
    assert found.block_body.sum() < (40 + 4) * 128 * (100 + 20)
    assert found.coarse.shape == (60, 64, 64)
    assert found.coarse.max() == pytest.approx(40 + 1024)


def test_a_small_image_is_its_own_block():
    array = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
    assert np.array_equal(sample_of(sitk.GetImageFromArray(array), "mr").block, array)


@pytest.mark.parametrize("modality", ["ct", "pet", "mr", "unknown"])
def test_the_body_is_found_though_a_field_dims_it(modality):
    air, signal = (-1000, 1064) if modality == "ct" else (0, 1064)
    array = np.full((40, 40, 40), air, np.float32)
    array[8:32, 8:32, 8:32] = air + signal * np.linspace(0.3, 1, 24, dtype=np.float32)
    found = sample_of(sitk.GetImageFromArray(array), modality)
    assert found.block_body.sum() == pytest.approx(24**3, rel=0.25)


def test_air_has_no_body():
    assert not sample_of(sitk.GetImageFromArray(np.zeros((20, 20, 20), np.int16)), "mr").coarse_body.any()
