import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from containers.recurrence import method
from containers.recurrence.spec import SPEC
from hnseg.errors import InputError
from hnseg.imaging.geometry import array_of
from hnseg.platform.challenge import Challenge
from hnseg.provenance import Provenance
from hnseg.rule.model import RuleModel
from hnseg.rule.run import check_no_uncertainty, decide_case
from tests.support.small_recurrence import BRAIN_FILE, OUTPUT_FILE, PROBABILITY_FILE, small_gtv, write_small_case

CHALLENGE = Challenge(SPEC, method)


def decided(tmp_path, **settings):
    """Run the small case by a rule, and return the provenance."""
    provenance = Provenance()
    (tmp_path / "output").mkdir()
    model = RuleModel(tmp_path, settings, {"method.json": "0"})
    folders = {"inputs": tmp_path / "input", "output_dir": tmp_path / "output"}
    decide_case(CHALLENGE, model, **folders, provenance=provenance)
    return json.loads(provenance.as_json())


def test_the_outputs_are_written_and_the_record_says_by_what(tmp_path):
    write_small_case(tmp_path / "input")
    record = decided(tmp_path, rule="suvmax", brain="none")
    label_map, probability = (
        array_of(sitk.ReadImage(str(tmp_path / "output" / file))) for file in (OUTPUT_FILE, PROBABILITY_FILE)
    )
    np.testing.assert_array_equal(label_map, probability)
    assert label_map.any()
    assert record["notes"][-1] == "No brain was left out, as the settings say."
    assert record["settings"]["suvmax_percent"] == 38
    assert sorted(record["inputs_sha256"]) == sorted(socket.slug for socket in SPEC.inputs)
    assert list(record["stages_s"]) == ["read", "check", "decide", "write"]
    assert 0 < record["suvmax"]["threshold"] < record["suvmax"]["inside_gtv"]


def test_a_refused_case_leaves_no_output(tmp_path):
    write_small_case(tmp_path / "input")
    (tmp_path / "input" / BRAIN_FILE).unlink()  # dispensable
    gtv = next((tmp_path / "input/images/gtv-segmentation").iterdir())
    sitk.WriteImage(sitk.Image(small_gtv()) * 0, str(gtv))
    with pytest.raises(InputError, match="The GTV must have at least one voxel"):
        decided(tmp_path, rule="gtv")
    assert not any(path.is_file() for path in (tmp_path / "output").rglob("*"))


def test_no_torch_is_imported(tmp_path):
    write_small_case(tmp_path / "input")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "method.json").write_text('{"rule": "gtv"}')
    program = (
        "import sys; from hnseg import entrypoint; from hnseg.platform.challenge import load_challenge;"
        f"status = entrypoint.run(load_challenge('recurrence'), {_folders(tmp_path)!r});"
        "sys.exit(3 if 'torch' in sys.modules else status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_rule_has_no_uncertainty():
    check_no_uncertainty(is_asked=False)
    with pytest.raises(InputError, match="An uncertainty can be had only of networks"):
        check_no_uncertainty(is_asked=True)


def _folders(tmp_path):
    names = ("input", "output", "model")
    return [word for name in names for word in (f"--{name}", str(tmp_path / name))]
