import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.entropy import draw_entropy
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import Grid, image_of

GRID = Grid((60, 50, 12), (2.0, 2.0, 3.0), (10.0, -20.0, 5.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {1: "GTVp", 2: "GTVn"}


@pytest.fixture
def case():
    """A scan, a label map with two boxes, and an entropy that is largest in the smaller one."""
    labels, entropy = np.zeros(GRID.shape_zyx, np.uint8), np.zeros(GRID.shape_zyx, np.float32)
    labels[1:9, 10:25, 10:30] = 1
    labels[2:10, 30:36, 40:46] = 2
    entropy[labels == 1], entropy[labels == 2] = 0.1, 0.5
    entropy[7][labels[7] == 2] = 0.9
    scan = np.zeros(GRID.shape_zyx, np.int16)
    return tuple(image_of(array, GRID) for array in (scan, labels, entropy))


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)


def warm_pixels(part):
    return ((part[..., 0] > 150) & (part[..., 1] < 140) & (part[..., 2] < 100)).sum()


def test_slices_lead_through_the_structure_with_the_largest_mean_entropy(case):
    picture = draw_entropy(*case, LABELS)
    assert picture.structure == "GTVn"
    assert "slices through GTVn" in picture.caption
    assert "(0.55 nats)" in picture.caption  # 7 slices of 0.5 and one of 0.9
    assert 2 in picture.labels


def test_colour_is_where_there_is_entropy_and_only_below(case):
    scan, label_map, entropy = case
    shown = pixels(draw_entropy(scan, label_map, entropy, LABELS))
    upper, lower = np.split(shown[:, :-110], [shown.shape[0] // 2])
    assert warm_pixels(lower) > 200
    assert warm_pixels(upper) == 0


def test_an_entropy_on_a_box_of_the_scan_is_drawn_at_its_place(case):
    scan, label_map, entropy = case
    box = Box((5, 5, 1), (50, 40, 10))
    array = np.ascontiguousarray(box.of(sitk.GetArrayFromImage(entropy)))
    part = image_of(array, box.grid_in(GRID))
    assert draw_entropy(scan, label_map, part, LABELS).png == draw_entropy(scan, label_map, entropy, LABELS).png


def test_without_anything_segmented_the_slices_are_those_with_most_entropy(case):
    scan, _, entropy = case
    picture = draw_entropy(scan, image_of(np.zeros(GRID.shape_zyx, np.uint8), GRID), entropy, LABELS)
    assert (picture.structure, picture.labels) == ("", ())
    assert "nothing is segmented" in picture.caption
