import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.components import (
    component_sizes,
    components_of,
    drop_smaller_than,
    number_components,
    smaller_components,
)


@pytest.fixture
def make_box():
    """A label map with one box of label 1 of the given edges (x, y, z), in the middle of empty space."""

    def make(*, edges_mm, spacing_xyz):
        size = [round(edge / step) for edge, step in zip(edges_mm, spacing_xyz, strict=True)]
        array = np.zeros([n + 4 for n in reversed(size)], np.uint8)
        array[2:-2, 2:-2, 2:-2] = 1
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing_xyz)
        image.SetOrigin((-3.0, 5.5, 7.0))
        return image

    return make


def voxels(image):
    return int(sitk.GetArrayViewFromImage(image).astype(bool).sum())


@pytest.mark.parametrize("spacing_xyz", [(1, 1, 1), (0.5, 0.5, 3)])
def test_volume_counts_mm3_not_voxels(make_box, spacing_xyz):
    box = make_box(edges_mm=(6, 6, 6), spacing_xyz=spacing_xyz)  # 216 mm3 on either grid
    assert not voxels(drop_smaller_than(box, volume_mm3={1: 217}))
    assert voxels(drop_smaller_than(box, volume_mm3={1: 215})) == voxels(box)


def test_piece_of_exactly_the_smallest_volume_is_kept(make_box):
    box = make_box(edges_mm=(2, 2, 2), spacing_xyz=(1, 1, 1))
    assert voxels(drop_smaller_than(box, volume_mm3={1: 8})) == 8


def test_each_label_has_its_own_smallest_volume():
    array = np.zeros((6, 6, 12), np.uint8)
    array[1:3, 1:3, 1:3] = 1
    array[1:3, 1:3, 3:5] = 2
    array[1:3, 1:3, 8] = 2
    image = sitk.GetImageFromArray(array)
    result = sitk.GetArrayFromImage(drop_smaller_than(image, volume_mm3={2: 5}))
    expected = array.copy()
    expected[:, :, 8] = 0
    np.testing.assert_array_equal(result, expected)


def test_pieces_that_touch_by_an_edge_only_are_two():
    array = np.zeros((4, 4, 4), np.uint8)
    array[1, 1, 1] = array[2, 2, 1] = 1
    result = drop_smaller_than(sitk.GetImageFromArray(array), volume_mm3={1: 2})
    assert not voxels(result)


def test_empty_label_map_comes_back_unchanged_on_its_grid(make_box):
    empty = make_box(edges_mm=(2, 2, 2), spacing_xyz=(0.5, 0.5, 2)) * 0
    result = drop_smaller_than(empty, volume_mm3={1: 100, 2: 100})
    assert not voxels(result)
    assert result.GetOrigin() == empty.GetOrigin()
    assert result.GetSpacing() == empty.GetSpacing()
    assert result.GetPixelID() == sitk.sitkUInt8


@pytest.mark.parametrize("volume", [-1.0, float("nan"), float("inf")])
def test_volumes_without_sense_are_refused(make_box, volume):
    with pytest.raises(ValueError, match="smallest volume of label 1 must be 0 mm3 or more"):
        drop_smaller_than(make_box(edges_mm=(2, 2, 2), spacing_xyz=(1, 1, 1)), volume_mm3={1: volume})


def test_components_know_their_extent_and_size():
    mask = np.zeros((5, 6, 7), bool)
    mask[0, 0, :2] = True
    mask[2:5, 3:6, 4:7] = True
    mask[4, 5, 6] = False
    first, second = components_of(mask, connectivity=6)
    assert (first.first_zyx, first.last_zyx, first.voxels) == ((0, 0, 0), (0, 0, 1), 2)
    assert (second.first_zyx, second.last_zyx, second.voxels) == ((2, 3, 4), (4, 5, 6), 26)


def test_no_component_in_an_empty_mask():
    assert components_of(np.zeros((3, 3, 3), bool), connectivity=26) == []


@pytest.mark.parametrize(("connectivity", "fully"), [(6, False), (26, True)])
def test_components_are_those_of_simpleitk_in_the_same_order(connectivity, fully):
    mask = np.random.default_rng(5).random((12, 13, 14)) > 0.8
    numbered = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), fully))
    found = components_of(mask, connectivity=connectivity)
    assert len(found) == numbered.max()
    for number, component in enumerate(found, start=1):
        at = np.argwhere(numbered == number)
        assert component.voxels == len(at)
        assert component.first_zyx == tuple(at.min(axis=0))
        assert component.last_zyx == tuple(at.max(axis=0))


@pytest.mark.parametrize(("second", "pieces"), [((1, 2, 2), {6: 2, 18: 1, 26: 1}), ((2, 2, 2), {6: 2, 18: 2, 26: 1})])
def test_an_edge_connects_from_18_on_and_a_corner_from_26(second, pieces):
    mask = np.zeros((4, 4, 4), bool)
    mask[1, 1, 1] = mask[second] = True
    for connectivity, count in pieces.items():
        assert len(components_of(mask, connectivity=connectivity)) == count
        numbered, sizes = number_components(mask, connectivity=connectivity)
        assert numbered.max() == count
        assert sizes.tolist() == [62, *([2] if count == 1 else [1, 1])]


@pytest.mark.parametrize("connectivity", [6, 18, 26])
@pytest.mark.parametrize("size", [12, 40], ids=["dense", "sparse"])
def test_the_sizes_are_those_of_the_numbered_pieces(connectivity, size):
    rng = np.random.default_rng(3)
    mask = np.zeros((size, size, size), bool)
    mask[:12, :12, :5] = mask[-12:, -12:, -5:] = rng.random((12, 12, 5)) > 0.6  # at all edges of the array
    expected = number_components(mask, connectivity=connectivity)[1][1:]
    assert component_sizes(mask, connectivity=connectivity).tolist() == expected.tolist()


def test_neither_an_empty_mask_nor_a_single_voxel_has_neighbours():
    mask = np.zeros((9, 9, 9), bool)
    assert component_sizes(mask, connectivity=26).tolist() == []
    mask[8, 8, 8] = True
    assert component_sizes(mask, connectivity=26).tolist() == [1]


def test_pieces_smaller_than_the_largest_are_found_and_of_equal_ones_none():
    mask = np.zeros((3, 4, 9), bool)
    mask[0, 0, :3] = mask[2, 3, 6:] = True  # two of three voxels
    mask[2, 0, 0] = True
    smaller = smaller_components(mask, connectivity=26)
    assert np.argwhere(smaller).tolist() == [[2, 0, 0]]
    assert not smaller_components(np.zeros((2, 2, 2), bool), connectivity=26).any()
