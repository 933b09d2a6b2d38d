import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.drawing.turn import Turn
from hnseg.imaging.box import Box
from tests.support.figure import TILTED

SIZE_XYZ = (4, 3, 2)


def image_along(axes):
    """An image of different voxels whose axes are these of the patient."""
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(SIZE_XYZ[::-1]))
    image.SetSpacing((0.9, 1.1, 3.3))
    return sitk.DICOMOrient(image, axes)


@pytest.mark.parametrize("axes", ["LPS", "RAS", "SPR", "AIL", "PSR"])
def test_a_turned_image_is_that_of_itk(axes):
    image = image_along(axes)
    expected, turn = sitk.DICOMOrient(image, "LPS"), Turn.of(image)
    assert (turn.view_of(image) == sitk.GetArrayFromImage(expected)).all()
    assert turn.spacing_of(image) == expected.GetSpacing()


def test_tilted_axes_stay():
    image = image_along("LPS")
    image.SetDirection(TILTED)
    assert Turn.of(image) == Turn((0, 1, 2), (False, False, False))


def test_a_box_is_the_same_voxels_when_the_axes_are_turned():
    scan = sitk.Image((30, 20, 8), sitk.sitkUInt8)
    scan = sitk.DICOMOrient(scan, "SPR")
    assert scan.GetSize() == (8, 20, 30)
    assert Turn.of(scan).box_in(scan, Box((2, 6, 30 - 25), (4, 10, 20))) == Box((5, 6, 2), (20, 10, 4))
