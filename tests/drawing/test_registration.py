import numpy as np
import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.drawing.registration import draw_registration, record_in
from hnseg.platform.reading import find_input_files
from tests.support.small_challenges import HNTS_MRG

RECORD = {
    "fixed": "mid-rt-t2w-head-neck", "moving": "registered-pre-rt-head-neck", "status": "registered", "reason": "",
    "seconds": 4.25, "matrix": np.eye(3).tolist(), "offset_mm": [1.0, 2.0, 3.0],
}  # fmt: skip


@pytest.fixture
def figure(tmp_path):
    """Draw the registration of a record, changed so, of the small case."""

    images = find_input_files(SPEC, HNTS_MRG.write_case(tmp_path)).images

    def draw(**changed):
        record = record_in({"registration": RECORD | changed})
        return draw_registration(SPEC, images, record)

    return draw


def test_the_transform_maps_fixed_points_to_moving_ones():
    record = record_in({"registration": RECORD | {"matrix": np.diag([2.0, 1.0, 1.0]).tolist()}})
    assert record.transform.TransformPoint((10.0, 20.0, 30.0)) == (21.0, 22.0, 33.0)


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        {},
        {"registration": "done"},
        {"registration": RECORD | {"matrix": np.zeros((3, 3)).tolist()}},
        {"registration": RECORD | {"offset_mm": [0.0, 0.0, float("nan")]}},
        {"registration": RECORD | {"offset_mm": [0.0, 0.0, 1e300]}},
        {"registration": RECORD | {"matrix": np.diag([1e200, 1e200, 1.0]).tolist()}},
        {"registration": RECORD | {"seconds": 1e300}},
        {"registration": {key: value for key, value in RECORD.items() if key != "seconds"}},
    ],
    ids=["none", "empty", "text", "singular", "nan", "far", "huge", "long", "incomplete"],
)
def test_something_else_of_that_name_is_passed_over(provenance):
    assert record_in(provenance) is None


def test_a_registered_image_is_drawn_with_the_seconds_it_took(figure):
    drawn = figure()
    assert drawn.is_used
    assert drawn.png.startswith(b"\x89PNG")
    assert drawn.caption == (
        "registered pre-RT T2w laid on the mid-RT T2w in 4.2 s: mid-RT T2w grey, registered pre-RT T2w amber."
    )


def test_a_rejected_one_is_drawn_with_the_reason(figure):
    drawn = figure(status="rejected", reason="the overlap is small")
    assert not drawn.is_used
    assert drawn.png
    assert drawn.caption == (
        "registered pre-RT T2w not used, because the overlap is small."
        " The best that was found: mid-RT T2w grey, registered pre-RT T2w amber."
    )


def test_one_that_was_not_attempted_has_a_caption_only(figure):
    drawn = figure(status="not_attempted", reason="it is constant")
    assert (drawn.is_used, drawn.png) == (False, b"")
    assert drawn.caption == "registered pre-RT T2w not used, because it is constant."


def test_sockets_of_another_challenge_have_no_figure(figure):
    assert figure(moving="t1-mri") is None
