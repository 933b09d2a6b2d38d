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


@pytest.mark.parametrize("outputs", [1, 2], ids=["region", "classes"])
def test_the_label_map_is_where_the_probability_is_over_the_threshold_as_it_is_written(outputs):
    foreground = Foreground.begin(outputs, GRID)
    foreground.outputs[-1, 0, 0] = np.array([0, 0.3, 0.35, 0.36, 1], np.float32)  # 0.35 is larger in float64
    label_map = foreground.over(0.35, label=3)
    assert Grid.of(label_map) == GRID
    assert label_map.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(array_of(label_map)[0, 0], [0, 0, 0, 3, 3])
    assert array_of(label_map).sum() == 6
