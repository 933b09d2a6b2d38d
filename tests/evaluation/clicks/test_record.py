"""Record of a simulation: read as it was written, and refused where it is another file."""

from __future__ import annotations

from math import inf

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.clicks.record import Point, Simulation, Step, UserFacts, read_simulation

USER = UserFacts(
    protocol="errors", rule="depth", most_clicks=10, most_per_structure=None, radius_mm=5.5, has_guard=True
)
STEP = Step(structures={"GTVp": {"dsc": 0.5, "hd_mm": inf}}, wrong_ml=1.5)
RECORD = Simulation(points=(Point(name="not GTVp", point=(1.0, 2.0, 3.5)),), user=USER, steps=(STEP, STEP))


def test_it_is_read_as_written_and_an_infinite_distance_as_none(tmp_path):
    path = tmp_path / "clicks.json"
    path.write_text(RECORD.model_dump_json())
    found = read_simulation(path)
    assert found.points == RECORD.points
    assert found.user == USER
    assert found.steps[0].structures["GTVp"] == {"dsc": 0.5, "hd_mm": None}


@pytest.mark.parametrize(
    ("text", "sentence"), [("{}", "points is missing"), ("no", "it is no JSON"), (None, "must be readable")]
)
def test_another_file_is_refused(tmp_path, text, sentence):
    path = tmp_path / "clicks.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_simulation(path)
