"""Decisions of a method, as `hnseg.rule.run` takes them: complete, on the reference's grid, fit for a record."""

import json

import pytest

from containers.recurrence import method
from containers.recurrence.spec import SPEC
from hnseg.imaging.geometry import Grid
from hnseg.rule.decision import Decision
from tests.support.small_hecktor import CT_GRID
from tests.support.small_recurrence import case_of

RULES = [settings for settings in method.SETTINGS.values() if not method.needs_network(settings)]


@pytest.mark.parametrize("settings", RULES, ids=lambda settings: settings.rule)
def test_a_decision_has_every_map_on_the_references_grid_and_a_record_that_json_can_hold(settings):
    decision = method.decide(case_of(), settings)
    assert isinstance(decision, Decision)
    assert list(decision.maps) == [socket.slug for socket in SPEC.maps]
    assert {Grid.of(image) for image in (decision.label_map, *decision.maps.values())} == {CT_GRID}
    json.dumps(dict(decision.record))  # raises where it can't
    assert all(note.endswith(".") for note in decision.notes)
