from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.hounsfield import check_hounsfield, looks_like_hounsfield, shares_of_air_and_tissue

GRID = Grid((10, 10, 10), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


@pytest.fixture
def made_of():
    """An image of 1000 voxels: so many of each value, the rest of the last one."""

    def make(*counts_and_values, rest):
        values = np.full(1000, rest, np.float32)
        first = 0
        for count, value in counts_and_values:
            values[first : first + count] = value
            first += count
        return image_of(values.reshape(10, 10, 10), GRID)

    return make


def test_air_is_below_minus_200_and_tissue_up_to_300(made_of):
    image = made_of((100, -1000), (50, -200.5), (30, -200), (20, 300), (10, 300.5), rest=2000)
    assert shares_of_air_and_tissue(image) == (0.15, 0.05)


@pytest.mark.parametrize(
    ("counts_and_values", "rest"),
    [
        ([(5, -800)], 40),
        ([(900, -1000), (10, 60)], 1500),
        ([(400, -3024), (100, 30000)], 20),
    ],
    ids=["hardly any air", "hardly any tissue", "padding and metal"],
)
def test_a_ct_has_both(made_of, counts_and_values, rest):
    assert looks_like_hounsfield(made_of(*counts_and_values, rest=rest))


@pytest.mark.parametrize(
    ("counts_and_values", "rest"),
    [
        ([(600, 0), (4, -300)], 250),
        ([(700, 24)], 1064),
        ([(700, -1000)], 900),
        ([(500, -1.2)], 2.5),
    ],
    ids=["MR with undershoot", "offset by 1024", "no tissue", "normalised"],
)
def test_anything_else_lacks_one(made_of, counts_and_values, rest):
    assert not looks_like_hounsfield(made_of(*counts_and_values, rest=rest))


def test_a_ct_without_its_intercept_is_refused_with_what_may_lie_in_its_place():
    ct = sitk.GetImageFromArray(np.array([[[-1000, 40, 60, 700]]], np.int16))
    check_hounsfield(ct, None)
    with pytest.raises(InputError, match=r"ct\.mha has values from 24 to 1724\. Was the MR put into"):
        check_hounsfield(ct + 1024, Path("ct.mha"), instead="the MR")
