"""Descriptors as they were published, worked out by hand on boxes."""

import numpy as np
import pytest

from hnseg.robustness.descriptors.published import SUFFIX, published_compactness, published_descriptors


def box_in(shape=(10, 12, 14)):
    mask = np.zeros(shape, bool)
    mask[2:6, 3:7, 4:8] = True  # 4 x 4 x 4, of which 8 are inside
    return mask


def of(mask, **images):
    return {name.removesuffix(SUFFIX): value for name, value in published_descriptors(mask, images).items()}


def test_thirteen_descriptors_of_a_box():
    mask = box_in()
    ct, pet = np.where(mask, 50.0, 10.0), np.zeros(mask.shape)
    pet[2:4, 3:7, 4:8], pet[4:6, 3:7, 4:8] = 3, 5
    found = of(mask, CT=ct, PET=pet)
    assert len(found) == 13
    assert (found["volume"], found["surface"], found["regions"]) == (64, 56, 1)
    assert found["compactness"] == pytest.approx(published_compactness(surface=56, volume=64))
    assert found["centroid_distance"] == pytest.approx(np.linalg.norm([3.5 - 5, 4.5 - 6, 5.5 - 7]))
    assert (found["CT_variability"], found["PET_variability"]) == (0, 1)
    assert (found["CT_contrast"], found["PET_contrast"], found["PET_max"], found["CT_mean"]) == (40, 4, 5, 50)
    share = 64 / mask.size
    assert found["entropy"] == pytest.approx(-share * np.log(share) - (1 - share) * np.log(1 - share))


def test_the_boundary_length_counts_voxels_above_and_below():
    # The filter answers within one voxel around the 4 x 4 columns, in two slices at either end along z.
    assert of(box_in())["boundary_length"] == 6 * 6 * 4


def test_surface_and_compactness_are_means_over_pieces():
    mask = box_in()
    mask[8, 10, 12] = True
    found = of(mask)
    assert (found["regions"], found["surface"]) == (2, (56 + 1) / 2)


def test_an_empty_reference_has_none():
    mask = np.zeros((4, 4, 4), bool)
    found = of(mask, CT=np.ones(mask.shape), PET=np.ones(mask.shape))
    assert len(found) == 13
    assert np.isnan(list(found.values())).all()
