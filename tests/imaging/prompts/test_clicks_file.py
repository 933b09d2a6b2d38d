import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.clicks_file import MOST_CLICKS, parse_clicks

TURNED = (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
GRID = Grid((40, 30, 20), (1.0, 1.5, 3.0), (-20.0, 10.0, -300.0), TURNED)
STRUCTURES = ("GTVp", "GTVn")


def a_file(*points, **more):
    return {
        "points": [{"name": name, "point": list(place)} for name, place in points],
        "type": "Multiple points",
        "version": {"major": 1, "minor": 0},
        **more,
    }


@pytest.mark.parametrize(
    ("name", "structure", "is_positive"),
    [
        ("tumor", None, True),
        ("background", None, False),
        ("GTVn", "GTVn", True),
        ("not GTVp", "GTVp", False),
    ],
)
def test_names_of_both_kinds_and_voxels_become_points(name, structure, is_positive):
    found = parse_clicks(a_file((name, (3, 4, 5))), GRID, STRUCTURES)

    assert found.problems == ()
    (click,) = found.clicks
    assert (click.structure, click.is_positive) == (structure, is_positive)
    np.testing.assert_allclose(click.point_mm, (-20 - 4 * 1.5, 10 + 3, -300 + 5 * 3))


def test_millimetres_are_points_as_they_are():
    found = parse_clicks(a_file(("GTVp", (-26.0, 13.0, -285.0)), unit="mm"), GRID, STRUCTURES)

    assert found.clicks == (Click("GTVp", True, (-26.0, 13.0, -285.0)),)


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        (("lesion", (1, 2, 3)), "Click 1 must be named one of tumor, background, GTVp, GTVn, not GTVp, not GTVn, but"),
        (("GTVp", (1, 2)), "Click 1 must have a point of three finite numbers, but has [1, 2]"),
        (("GTVp", (1, float("nan"), 2)), "Click 1 must have a point of three finite numbers, but has [1, nan, 2]"),
        (("GTVp", (1, True, 2)), "Click 1 must have a point of three finite numbers"),
        (("GTVp", (1, 10**400, 2)), "Click 1 must have a point of three finite numbers"),
        (
            ("GTVp", (40, 2, 2)),
            "Click 1 must lie in the image of 40 x 30 x 20 voxels, but lies at voxel (40.0, 2.0, 2.0)",
        ),
    ],
)
def test_a_click_that_can_not_be_used_is_a_sentence_and_others_stay(point, sentence):
    found = parse_clicks(a_file(point, ("GTVn", (3, 4, 5))), GRID, STRUCTURES)

    assert [click.structure for click in found.clicks] == ["GTVn"]
    (problem,) = found.problems
    assert problem.startswith(sentence)
    assert problem.endswith("?")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], "are a list without one"),
        ({"points": {}}, "have a dict"),
        ({}, "are a dict without one"),
        ({"points": [], "unit": "inch"}, "must be voxel or mm, but is 'inch'"),
        (None, "are a NoneType"),
        ({"points": [7]}, "is named None"),
    ],
)
def test_another_file_is_a_sentence(value, found):
    read = parse_clicks(value, GRID, STRUCTURES)

    assert read.clicks == ()
    assert found in read.problems[0]


def test_more_clicks_than_sense_are_cut_and_said():
    read = parse_clicks(a_file(*[("GTVp", (1, 1, 1))] * (MOST_CLICKS + 1)), GRID, STRUCTURES)

    assert len(read.clicks) == MOST_CLICKS
    assert f"but are {MOST_CLICKS + 1}" in read.problems[0]
