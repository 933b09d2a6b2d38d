import pytest
from pydantic import ValidationError

from hnseg_training.dataset.augmentation import Augmentation, ChannelDropout, Perturbations, network_axis


@pytest.mark.parametrize(
    ("transpose_forward", "expected"),
    [
        ((0, 1, 2), {"z": 0, "y": 1, "x": 2}),  # thick slices along z, as they mostly come
        ((2, 0, 1), {"x": 0, "z": 1, "y": 2}),  # along x, as in a sagittal scan
        ((1, 0, 2), {"y": 0, "z": 1, "x": 2}),
    ],
)
def test_axes_of_a_patch_are_those_of_the_image_in_the_plans_order(transpose_forward, expected):
    assert {axis: network_axis(axis, transpose_forward) for axis in "xyz"} == expected


def test_left_and_right_stay_where_they_are():
    sided = Augmentation(unmirrored_axes=("x",))
    assert sided.mirrored((0, 1, 2), (0, 1, 2)) == (0, 1)
    assert sided.mirrored((0, 1, 2), (2, 0, 1)) == (1, 2)


def test_by_default_every_axis_is_mirrored():
    assert Augmentation().mirrored((0, 1, 2), (0, 1, 2)) == (0, 1, 2)


def test_a_probability_lies_between_0_and_1():
    with pytest.raises(ValidationError):
        ChannelDropout(channel=1, whole=1.5, truncated=0)


@pytest.mark.parametrize("named", [{"kinds": ()}, {"kinds": ("spikes",)}, {"kinds": ("spike",), "probability": 1.1}])
def test_perturbations_have_kinds_that_exist_and_a_probability(named):
    with pytest.raises(ValidationError):
        Perturbations(**named)
