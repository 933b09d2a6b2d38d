import numpy as np

from hnseg.drawing.framing.planes import planes_through
from hnseg.imaging.box import Box

BODY = Box((4, 6, 1), (20, 16, 8))
ACROSS = Box((5, 7, 0), (10, 9, 3))


def shown():
    """Ten slices of 30 rows and 40 columns, with a cube whose fullest planes are row 10 and column 12."""
    mask = np.zeros((10, 30, 40), bool)
    mask[3:6, 10, 10:15] = True
    mask[3:6, 9:12, 12] = True
    return mask


def planes(mask, crop=None):
    return planes_through(mask, (1.0, 2.0, 3.0), BODY, crop, z=4, across=ACROSS)


def test_the_planes_lead_through_most_of_what_is_segmented():
    assert [plane.title for plane in planes(shown())] == [
        "axial, slice 5 of 10", "coronal, slice 11 of 30", "sagittal, slice 13 of 40",
    ]  # fmt: skip


def test_the_planes_are_cropped_and_the_head_is_above():
    volume = np.arange(10 * 30 * 40).reshape(10, 30, 40)
    axial, coronal, sagittal = planes(shown())
    assert np.array_equal(volume[axial.where], volume[4, 7:16, 5:15])
    assert np.array_equal(volume[coronal.where], volume[1:9, 10, 4:24][::-1])
    assert np.array_equal(volume[sagittal.where], volume[1:9, 6:22, 12][::-1])
    assert [plane.spacing_mm for plane in (axial, coronal, sagittal)] == [(1.0, 2.0), (1.0, 3.0), (2.0, 3.0)]


def test_the_lowest_slice_is_shown_too():
    box = Box((0, 0, 0), (40, 30, 10))
    _, coronal, _ = planes_through(shown(), (1.0, 1.0, 1.0), box, None, z=0, across=box)
    assert np.zeros((10, 30, 40))[coronal.where].shape == (10, 40)


def test_a_crop_is_a_rectangle_in_the_planes_that_it_meets():
    axial, coronal, sagittal = planes(shown(), Box((6, 8, 2), (11, 7, 4)))
    assert axial.crop == (1, 1, 11, 7)
    assert coronal.crop == (2, 3, 11, 4)  # slices 2 to 5, of 1 to 8 with 8 above
    assert sagittal.crop == (2, 3, 7, 4)
    axial, coronal, sagittal = planes(shown(), Box((20, 8, 7), (11, 7, 2)))
    assert axial.crop is None
    assert coronal.crop is not None
    assert sagittal.crop is None


def test_without_anything_the_planes_lead_through_the_middle_of_the_box():
    _, coronal, sagittal = planes(np.zeros((10, 30, 40), bool))
    assert (coronal.title, sagittal.title) == ("coronal, slice 15 of 30", "sagittal, slice 15 of 40")
