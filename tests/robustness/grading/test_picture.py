"""Picture of the flows: bands where cases are, and the same bytes again."""

import re

import pytest

from hnseg.errors import InputError
from hnseg.robustness.grading.flows import flows_between_observers
from hnseg.robustness.grading.picture import draw_flows
from tests.support.made_up_grades import made_up_grades

FLOWS = flows_between_observers(made_up_grades())


def test_every_flow_has_its_panel_and_every_grade_its_number(tmp_path):
    draw_flows(FLOWS, tmp_path / "flows.svg")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "flows.svg").read_text())
    assert [word for word in words if word.startswith("GTVp")] == [
        "GTVp, baseline, 8 cases", "GTVp, baseline, 2 cases", "GTVp, baseline, 2 cases", "GTVp, perturbed, 2 cases",
    ]  # fmt: skip
    assert words.count("5: 2") == 3  # of A beside B, and of C beside both


def test_the_same_flows_give_the_same_bytes(tmp_path):
    for name in ("one.png", "other.png"):
        draw_flows(FLOWS[:1], tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_one_observer_alone_has_no_flow(tmp_path):
    with pytest.raises(InputError, match=r"but there is none\. Is there one observer only\?"):
        draw_flows([], tmp_path / "flows.png")
