import json
import logging
import time

import pytest

from hnseg.provenance import Provenance


def test_the_story_is_one_line_of_json():
    story = Provenance()
    with story.step("read"):
        time.sleep(0.02)
    story.note("There is no prior mask.", "The map is zero.")
    story.record(challenge="toy", inputs_sha256={"scan": "00ff"})
    line = story.as_json()
    assert "\n" not in line
    told = json.loads(line)
    assert told["challenge"] == "toy"
    assert told["inputs_sha256"] == {"scan": "00ff"}
    assert told["notes"] == ["There is no prior mask.", "The map is zero."]
    assert 0.02 <= told["stages_s"]["read"] < 10  # a busy machine may sleep longer
    assert told["total_s"] >= told["stages_s"]["read"]
    assert told["peak_memory_gib"] > 0
    assert set(told["versions"]) >= {"hnseg", "python", "torch", "numpy", "SimpleITK"}


def test_each_event_is_one_line_of_the_log(caplog):
    story = Provenance()
    with caplog.at_level(logging.INFO), story.step("read"):
        pass
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("read: 0.0 s, peak memory ")


def test_a_stage_that_failed_is_not_told_as_done(caplog):
    story = Provenance()
    with caplog.at_level(logging.INFO), pytest.raises(ValueError, match="broken"), story.step("read"):
        raise ValueError("broken")
    assert caplog.messages == []
    assert json.loads(story.as_json())["stages_s"] == {}
