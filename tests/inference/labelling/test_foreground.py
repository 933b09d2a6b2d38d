import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.labelling.foreground import Foreground

GRID = Grid((5, 4, 3), (1 / 3, 0.7, 2.1), (-100.1, 33.3, 1 / 7), (1, 0, 0, 0, 1, 0, 0, 0, 1))


@pytest.mark.parametrize("outputs", [1, 2], ids=["region", "classes"])
def test_it_is_the_probability_of_the_last_output_as_it_is_filled(outputs):
    foreground = Foreground.begin(outputs, GRID)
    assert not array_of(foreground.image()).any()
    filled = np.random.default_rng(0).random((3, 4, 5), np.float32)
    foreground.outputs[-1] = filled
    foreground.outputs[0, 0] = 1 - filled[0] if outputs == 2 else filled[0]
    image = foreground.image()
    assert Grid.of(image) == GRID
    assert image.GetPixelID() == sitk.sitkFloat32
    np.testing.assert_array_equal(array_of(image), filled)
    foreground.outputs[:] = 0  # a copy, which what is filled later does not change
    np.testing.assert_array_equal(array_of(image), filled)
