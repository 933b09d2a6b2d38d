import numpy as np
import pytest

from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg_training.fitting.prompts.components import deep_components
from hnseg_training.fitting.prompts.settings import PromptTraining

SPACING = (3.0, 1.0, 2.0)
DEEPEST = PromptTraining(encoding=PromptEncoding(structures=("GTVp",)), placement="deepest")
INTERIOR = DEEPEST.model_copy(update={"placement": "interior"})


@pytest.fixture
def two_boxes() -> np.ndarray:
    mask = np.zeros((12, 20, 16), bool)
    mask[1:6, 2:9, 3:8] = True  # 5 x 7 x 5 voxels: 15 x 7 x 10 mm
    mask[8:9, 12:13, 10:12] = True
    return mask


def test_components_have_their_size_and_depth(two_boxes):
    large, small = deep_components(two_boxes, SPACING)
    assert (large.first_zyx, large.voxels) == ((1, 2, 3), 5 * 7 * 5)
    assert large.greatest_depth_mm == 4.0  # along y, from the middle of 7 voxels of 1 mm
    assert (small.voxels, small.greatest_depth_mm) == (2, 1.0)


def test_a_component_at_the_edge_of_a_patch_ends_there():
    (found,) = deep_components(np.ones((3, 5, 3), bool), SPACING)
    assert found.greatest_depth_mm == 3.0  # along y and along z


def test_an_empty_mask_has_none():
    assert deep_components(np.zeros((2, 2, 2), bool), SPACING) == []


def test_the_deepest_voxel_is_the_middle_of_a_box():
    mask = np.zeros((9, 9, 9), bool)
    mask[2:7, 3:8, 1:6] = True
    (component,) = deep_components(mask, (1.0, 1.0, 1.0))
    assert component.place(DEEPEST, np.random.default_rng(0)) == (4, 5, 3)


def test_random_places_lie_inside_and_mostly_in_the_interior(two_boxes):
    rng = np.random.default_rng(0)
    large = deep_components(two_boxes, SPACING)[0]
    places = [large.place(INTERIOR, rng) for _ in range(300)]
    assert all(two_boxes[place] for place in places)
    depths = np.array([large.depth_mm[tuple(np.subtract(place, large.first_zyx))] for place in places])
    assert depths.mean() > large.depth_mm.mean() + 0.5
    assert len(set(places)) > 20
