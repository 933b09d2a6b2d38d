import numpy as np
import pytest
from pydantic import ValidationError

from hnseg.imaging.prompts.click import VoxelClick
from hnseg.imaging.prompts.encoding import PromptEncoding

SHAPE, MM = (20, 30, 30), (3.0, 2.0, 2.0)
BALL = PromptEncoding(structures=("GTVp", "GTVn"), radius_mm=6.0)


def distance_mm(at):
    index = np.indices(SHAPE).reshape(3, -1).T
    return np.linalg.norm((index - at) * MM, axis=1).reshape(SHAPE)


def test_ball_is_in_millimetres_whatever_the_spacing():
    drawn = BALL.draw([VoxelClick("GTVn", True, (10, 15, 15))], SHAPE, MM)

    np.testing.assert_array_equal(drawn[1], distance_mm((10, 15, 15)) <= 6)
    assert not drawn[0].any()


def test_paper_s_ball_of_three_voxels_has_123_of_them():
    encoding = PromptEncoding(structures=("GTVp",), radius_mm=None, radius_voxels=3)

    assert encoding.draw([VoxelClick("GTVp", True, (10, 15, 15))], SHAPE, MM).sum() == 123


def test_later_ball_overwrites_the_earlier():
    first, second = VoxelClick("GTVp", True, (10, 15, 15)), VoxelClick("GTVp", False, (10, 15, 16))

    drawn = BALL.draw([first, second], SHAPE, MM)[0]

    near = distance_mm((10, 15, 16)) <= 6
    assert (drawn[near] == -1).all()
    np.testing.assert_array_equal(drawn[~near], (distance_mm((10, 15, 15)) <= 6)[~near])


def test_separate_signs_have_a_channel_each():
    encoding = BALL.model_copy(update={"sign": "separate"})

    drawn = encoding.draw([VoxelClick("GTVn", False, (10, 15, 15))], SHAPE, MM)

    assert encoding.channel_names[3] == "GTVn negative clicks"
    assert drawn[3].max() == 1
    assert not drawn[:3].any()


@pytest.mark.parametrize(
    ("shape", "value"),
    [("distance", lambda d: np.maximum(0, 1 - d / 6)), ("gaussian", lambda d: np.exp(-((d / 3) ** 2) / 2) * (d <= 12))],
)
def test_graded_shapes_fall_with_the_distance(shape, value):
    encoding = BALL.model_copy(update={"shape": shape})

    drawn = encoding.draw([VoxelClick("GTVp", True, (10, 15, 15))], SHAPE, MM)[0]

    np.testing.assert_allclose(drawn, value(distance_mm((10, 15, 15))), atol=1e-6)


def test_graded_clicks_keep_the_stronger_value():
    encoding = BALL.model_copy(update={"shape": "distance"})
    near, far = VoxelClick("GTVp", True, (10, 15, 14)), VoxelClick("GTVp", False, (10, 15, 16))

    drawn = encoding.draw([near, far], SHAPE, MM)[0]

    assert drawn[10, 15, 14] == 1
    assert drawn[10, 15, 16] == -1


@pytest.mark.parametrize("at", [(0, 0, 0), (19, 29, 29), (-1, 15, 15), (40, 15, 15)])
def test_click_at_the_border_or_beyond_is_drawn_as_far_as_it_reaches(at):
    drawn = BALL.draw([VoxelClick("GTVp", True, at)], SHAPE, MM)[0]

    np.testing.assert_array_equal(drawn, distance_mm(at) <= 6)


def test_reach_is_the_radius_in_voxels():
    assert BALL.reach_voxels(MM) == (2.0, 3.0, 3.0)
    assert BALL.model_copy(update={"shape": "gaussian"}).reach_voxels(MM) == (4.0, 6.0, 6.0)


@pytest.mark.parametrize("radii", [{"radius_mm": 5.0, "radius_voxels": 3}, {"radius_mm": None}, {"radius_mm": -1.0}])
def test_encoding_has_one_radius(radii):
    with pytest.raises(ValidationError):
        PromptEncoding(structures=("GTVp",), **radii)


def test_structures_differ():
    with pytest.raises(ValidationError, match="must differ"):
        PromptEncoding(structures=("GTVp", "GTVp"))


def test_structure_without_a_channel_is_refused():
    with pytest.raises(ValueError, match="not in tuple"):
        BALL.draw([VoxelClick("brain", True, (1, 1, 1))], SHAPE, MM)
