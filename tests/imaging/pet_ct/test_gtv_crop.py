import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.pet_ct.gtv_crop import gtv_crop
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED

EXTENT_MM = (40.0, 60.0, 90.0)
SIZES = {
    LPS: (40, 30, 30),
    TILTED: (40, 30, 30),
    FLIPPED: (40, 30, 30),
    SWAPPED: (60, 45, 13),  # the image's x, y and z run to the patient's back, head and right
}
"""Voxels of 1 x 2 x 3 mm that fill the extent, by hand."""


def gtv_on(direction, spacing_mm=(1.0, 2.0, 3.0)):
    """Return a GTV of 3 x 4 x 5 voxels (x, y, z) about (21, 15.5, 12)."""
    grid = Grid((60, 50, 40), spacing_mm, (-61.7, 13.0, 1 / 3), direction)
    array = np.zeros(grid.shape_zyx, np.uint8)
    array[10:15, 14:18, 20:23] = 1
    return image_of(array, grid)


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_the_box_is_centred_on_the_gtv_and_has_its_size_along_the_patients_axes(direction):
    gtv = gtv_on(direction)
    box = gtv_crop(gtv, extent_mm=EXTENT_MM)
    middle = np.array(box.index_xyz) + (np.array(box.size_xyz) - 1) / 2
    np.testing.assert_allclose(middle, (21, 15.5, 12), atol=0.5)
    assert box.size_xyz == SIZES[direction]


def test_it_may_reach_beyond_the_image():
    box = gtv_crop(gtv_on(LPS), extent_mm=(500.0, 4.0, 0.1))
    assert box.size_xyz == (500, 2, 1)
    assert box.index_xyz[0] < 0
    assert box.last_xyz[0] >= 60


def test_the_papers_box_has_its_voxels_on_the_papers_ct():
    gtv = sitk.Image(300, 300, 180, sitk.sitkUInt8)
    gtv.SetSpacing((0.9765, 0.9765, 2.0))
    gtv[150, 150, 90] = 1
    box = gtv_crop(gtv, extent_mm=(160 * 0.9765, 224 * 0.9765, 128 * 2.0))
    assert box.size_xyz == (160, 224, 128)


@pytest.mark.parametrize(
    ("spacing_mm", "size_xyz"),
    [
        ((0.9765625, 0.9765625, 3.0), (160, 224, 85)),  # 500 mm in 512 columns; 256 mm are 85.3 slices
        ((0.98, 0.98, 4.9), (159, 223, 52)),
        ((1.04, 1.04, 2.57), (150, 210, 99)),  # 150.2 columns, 210.3 rows, 99.6 slices: 100 would be 257 mm
        (
            (1.17, 1.17, 5.5),
            (133, 187, 46),
        ),  # 187 rows are 218.8 of 218.7 mm, and 224 of the paper's; 47 slices were 129
    ],
)
def test_on_no_ct_has_it_more_than_the_papers_voxels_once_it_is_resampled(spacing_mm, size_xyz):
    gtv = sitk.Image(30, 30, 30, sitk.sitkUInt8)
    gtv.SetSpacing(spacing_mm)
    gtv[15, 15, 15] = 1
    box = gtv_crop(gtv, extent_mm=(160 * 0.9765, 224 * 0.9765, 128 * 2.0))
    assert box.size_xyz == size_xyz
    resampled = np.rint(np.array(box.size_xyz) * spacing_mm / (0.9765, 0.9765, 2.0))
    assert (resampled <= (160, 224, 128)).all()


def test_an_empty_gtv_has_no_box():
    with pytest.raises(InputError, match="The GTV must have at least one voxel, around which the network's box lies"):
        gtv_crop(sitk.Image(4, 4, 4, sitk.sitkUInt8), extent_mm=EXTENT_MM)
