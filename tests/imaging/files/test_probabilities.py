from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.probabilities import as_probabilities
from hnseg.imaging.geometry import Grid, array_of, image_of
from tests.support.figure import TILTED

GRID = Grid((2, 1, 1), (0.7, 1.1, 3.3), (-61.7, 13.0, 1 / 3), TILTED)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_rounding_left_outside_is_brought_inside_and_the_type_is_kept(kind):
    given = image_of(np.array([[[-5e-7, 1 + 5e-7]]], kind), GRID)
    found = as_probabilities(given, path=Path("map.mha"))
    assert Grid.of(found) == GRID
    assert array_of(found).dtype == kind
    assert array_of(found).tolist() == [[[0.0, 1.0]]]


def test_a_mask_of_integers_becomes_floats():
    found = as_probabilities(image_of(np.array([[[0, 1]]], np.uint8), GRID), path=Path("mask.mha"))
    assert found.GetPixelID() == sitk.sitkFloat32
    assert array_of(found).tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize("values", [[0.0, 99.0], [-0.1, 0.5], [0.5, float("nan")]])
def test_what_is_no_probability_is_refused_with_its_file(values):
    with pytest.raises(InputError, match=r"must hold numbers from 0 to 1, but map\.mha goes from"):
        as_probabilities(image_of(np.array([[values]], np.float32), GRID), path=Path("map.mha"))
