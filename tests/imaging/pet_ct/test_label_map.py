import numpy as np

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.pet_ct.label_map import on_whole_ct, outside_body_on
from tests.support.small_hecktor import CT_GRID, small_ct

INSIDE, OUTSIDE = (25, 24, 25), (2, 1, 1)


def label_map_with(*voxels):
    """Return a label map of a box of the CT, with single voxels of label 1 at places of the whole CT."""
    labels = np.zeros(CT_GRID.shape_zyx, np.uint8)
    for voxel in voxels:
        labels[voxel] = 1
    return image_of(labels, CT_GRID)[:, :, 1:]


def test_it_is_put_back_into_the_whole_ct():
    whole = on_whole_ct(label_map_with(INSIDE, OUTSIDE), small_ct(), inside_body=False)
    assert Grid.of(whole) == CT_GRID
    assert np.argwhere(array_of(whole)).tolist() == [list(OUTSIDE), list(INSIDE)]


def test_outside_the_body_it_may_be_background():
    whole = on_whole_ct(label_map_with(INSIDE, OUTSIDE), small_ct(), inside_body=True)
    assert np.argwhere(array_of(whole)).tolist() == [list(INSIDE)]


def test_the_share_outside_the_body_is_that_of_the_whole_map():
    found = outside_body_on(label_map_with(INSIDE, OUTSIDE), small_ct(), {1: "GTVp"})
    assert found.record["outside_body"]["GTVp"] == 0.5
