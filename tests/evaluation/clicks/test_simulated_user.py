"""Simulated user: which error is clicked, where, and what is not clicked again."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.evaluation.clicks.simulated_user import Truth, UserRules, click_of, lesion_clicks, next_click
from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import VoxelClick

LABELS = {"GTVp": 1, "GTVn": 2}
SHAPE = (12, 40, 40)


def grid_of(spacing_xyz=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    z, y, x = SHAPE
    return Grid((x, y, z), spacing_xyz, origin, (1, 0, 0, 0, 1, 0, 0, 0, 1))


def truth_of(reference, spacing_xyz=(1.0, 1.0, 1.0)):
    return Truth(reference, grid_of(spacing_xyz), LABELS)


def arrays():
    return np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)


def rim_and_node():
    """A primary that is predicted one voxel too wide, 1332 voxels, and a missed node of 5 * 5 * 5."""
    label_map, reference = arrays()
    label_map[1:10, 2:22, 2:22] = 1
    reference[2:9, 3:21, 3:21] = 1
    reference[3:8, 30:35, 30:35] = 2
    return label_map, reference


def test_the_deepest_error_is_a_missed_node_and_the_largest_is_a_rim():
    label_map, reference = rim_and_node()
    deepest = next_click(label_map, truth_of(reference), UserRules(rule="depth"))
    largest = next_click(label_map, truth_of(reference), UserRules(rule="largest"))
    assert deepest == VoxelClick("GTVn", is_positive=True, index_zyx=(5, 32, 32))
    assert (largest.structure, largest.is_positive) == ("GTVp", False)
    assert label_map[largest.index_zyx] == 1
    assert reference[largest.index_zyx] == 0


def test_depth_is_in_mm_not_in_voxels():
    label_map, reference = arrays()
    reference[2:5, 2:12, 2:12] = 1  # three slices: depth 2 slices
    reference[2:9, 20:25, 20:25] = 2  # depth 3 columns
    click = [next_click(label_map, truth_of(reference, (1, 1, mm)), UserRules()) for mm in (1.0, 4.0)]
    assert [each.structure for each in click] == ["GTVn", "GTVp"]


def test_an_error_at_the_border_of_the_image_is_no_deeper_for_it():
    label_map, reference = arrays()
    reference[0:3, 0:9, 0:9] = 1  # 2 deep, though nothing lies above
    reference[4:9, 20:25, 20:25] = 2
    assert next_click(label_map, truth_of(reference), UserRules()).structure == "GTVn"


def test_of_equally_deep_errors_the_larger_comes_first_then_the_first_structure():
    label_map, reference = arrays()
    reference[1:4, 1:4, 1:4] = 2
    reference[1:4, 10:13, 10:13] = 1
    assert next_click(label_map, truth_of(reference), UserRules()).structure == "GTVp"
    reference[1:4, 1:5, 1:4] = 2
    assert next_click(label_map, truth_of(reference), UserRules()).structure == "GTVn"


def test_what_is_predicted_as_the_other_structure_is_an_error_of_both():
    label_map, reference = arrays()
    label_map[2:7, 2:7, 2:7] = 1
    reference[2:7, 2:7, 2:7] = 2
    first = next_click(label_map, truth_of(reference), UserRules())
    second = next_click(label_map, truth_of(reference), UserRules(), made=[first], ignored=[first])
    assert first == VoxelClick("GTVp", is_positive=False, index_zyx=(4, 4, 4))
    assert second == VoxelClick("GTVn", is_positive=True, index_zyx=(4, 4, 4))


@pytest.mark.parametrize(("voxels", "is_clicked"), [(4, False), (5, True)])
def test_an_error_of_fewer_than_five_voxels_is_left_alone(voxels, is_clicked):
    label_map, reference = arrays()
    reference[2, 2, :voxels] = 1
    assert (next_click(label_map, truth_of(reference), UserRules()) is not None) == is_clicked


def test_no_click_lies_within_the_radius_of_an_earlier_one_of_its_structure():
    label_map, reference = arrays()
    reference[1:10, 2:22, 2:22] = 1
    first = next_click(label_map, truth_of(reference), UserRules(radius_mm=6))
    second = next_click(label_map, truth_of(reference), UserRules(radius_mm=6), made=[first])
    assert np.linalg.norm(np.subtract(first.index_zyx, second.index_zyx)) > 6
    other = VoxelClick("GTVn", is_positive=False, index_zyx=first.index_zyx)
    assert next_click(label_map, truth_of(reference), UserRules(radius_mm=6), made=[other]) == first


def test_an_error_all_within_a_ball_is_passed_over():
    label_map, reference = arrays()
    reference[3:8, 30:35, 30:35] = 2
    reference[1:3, 2:5, 2:5] = 1
    centre = VoxelClick("GTVn", is_positive=False, index_zyx=(5, 32, 32))
    assert next_click(label_map, truth_of(reference), UserRules(), made=[centre]).structure == "GTVp"


def test_an_error_whose_click_was_ignored_is_not_clicked_again_elsewhere():
    label_map, reference = arrays()
    reference[1:10, 2:22, 2:22] = 1
    first = next_click(label_map, truth_of(reference), UserRules())
    assert next_click(label_map, truth_of(reference), UserRules(), made=[first], ignored=[first]) is None


def test_a_structure_gets_no_more_than_its_share():
    label_map, reference = rim_and_node()
    rules = UserRules(most_per_structure=1)
    first = next_click(label_map, truth_of(reference), rules)
    second = next_click(label_map, truth_of(reference), rules, made=[first])
    assert (first.structure, second.structure) == ("GTVn", "GTVp")
    assert next_click(label_map, truth_of(reference), rules, made=[first, second]) is None


def test_a_right_label_map_gets_no_click():
    _, reference = rim_and_node()
    assert next_click(reference, truth_of(reference), UserRules()) is None


def test_each_lesion_gets_a_click_at_its_deepest_voxel():
    _, reference = rim_and_node()
    reference[3:6, 36:39, 3:6] = 2
    reference[3, 36, 9] = 2  # a single voxel is a lesion too
    points = [(click.structure, click.is_positive, click.index_zyx) for click in lesion_clicks(truth_of(reference))]
    assert points == [
        ("GTVp", True, (5, 6, 6)),
        ("GTVn", True, (5, 32, 32)),
        ("GTVn", True, (4, 37, 4)),
        ("GTVn", True, (3, 36, 9)),
    ]
    assert lesion_clicks(truth_of(np.zeros(SHAPE, np.uint8))) == []


def test_a_click_in_the_patient_is_the_centre_of_its_voxel():
    click = click_of(VoxelClick("GTVn", is_positive=True, index_zyx=(5, 32, 31)), grid_of((2, 1, 3), (-7, 4, 100)))
    assert click.point_mm == (55.0, 36.0, 115.0)
