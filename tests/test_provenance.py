import json
import logging
import time

import pytest

from hnseg.provenance import Provenance, warnings_on_stderr


def test_the_provenance_is_one_line_of_json():
    provenance = Provenance()
    with provenance.step("read"):
        time.sleep(0.02)
    provenance.note("There is no prior mask.", "The map is zero.")
    provenance.record(challenge="toy", inputs_sha256={"scan": "00ff"})
    line = provenance.as_json()
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
    provenance = Provenance()
    with caplog.at_level(logging.INFO), provenance.step("read"):
        pass
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("read: 0.0 s, peak memory ")


def test_a_step_that_failed_is_not_logged_as_done(caplog):
    provenance = Provenance()
    with caplog.at_level(logging.INFO), pytest.raises(ValueError, match="broken"), provenance.step("read"):
        raise ValueError("broken")
    assert caplog.messages == []
    assert json.loads(provenance.as_json())["stages_s"] == {}


def test_its_time_counts_from_a_start_that_was_before_it():
    told = json.loads(Provenance(time.monotonic() - 100).as_json())
    assert 100 <= told["total_s"] < 200


def test_only_warnings_of_hnseg_go_to_stderr(capsys):
    handler = warnings_on_stderr()
    names = ("hnseg.inference.loading", "hnsegment", "torch", "py.warnings")
    for name in names:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.warning("%s warns", name)
        logger.info("%s tells", name)
        logger.removeHandler(handler)
    assert capsys.readouterr().err == "hnseg.inference.loading warns\n"
