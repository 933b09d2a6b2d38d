import json
import math
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import MID_T2W, SPEC
from hnseg.errors import ModelError, OutputError
from hnseg.inference.ensemble import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import sha256_of
from hnseg.inference.planning.deadline import Deadline
from hnseg.pipeline import run_case
from hnseg.platform.answers import Answers
from hnseg.platform.challenge import Challenge, load_challenge
from hnseg.platform.reading import read_case
from hnseg.provenance import Provenance
from tests.support.answering.spec import EDITIONS
from tests.support.small_case import OUTPUT_FILE, files_below, write_small_case
from tests.support.small_challenges import ROOT

CHALLENGE = Challenge(SPEC, method)


@pytest.fixture
def run(tmp_path, model_dir):
    """Run the small case through the pipeline and return the ensemble and the story."""
    write_small_case(tmp_path / "input")

    def run_with(folder=model_dir, *, challenge=CHALLENGE):
        ensemble = load_ensemble(open_bundle(folder), device="cpu")
        story = Provenance()
        folders = {"input_dir": tmp_path / "input", "output_dir": tmp_path / "output"}
        (tmp_path / "output").mkdir()
        run_case(challenge, ensemble, **folders, deadline=Deadline.never(), story=story)
        return ensemble, json.loads(story.as_json())

    return run_with


@pytest.mark.numeric
def test_the_output_is_what_the_steps_give_one_after_another(run, tmp_path):
    ensemble, _ = run()
    case = read_case(SPEC, tmp_path / "input")
    channels = method.prepare(case, method.Settings())
    label_map = ensemble.predict(channels, Deadline.never()).label_map
    wanted = sitk.GetArrayFromImage(method.finish(label_map, case, method.Settings()))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "output" / OUTPUT_FILE))), wanted)
    assert len(np.unique(wanted)) > 1


def test_the_story_has_every_stage_and_what_was_read(run, tmp_path):
    _, story = run()
    assert list(story["stages_s"]) == ["read", "prepare", "predict", "finish", "write"]
    assert set(story["inputs_sha256"]) == set(read_case(SPEC, tmp_path / "input").images)
    assert files_below(tmp_path / "output") == [OUTPUT_FILE]


def test_what_the_method_did_without_is_noted(run, tmp_path):
    for folder in (tmp_path / "input/images").iterdir():
        if folder.name != MID_T2W:
            next(folder.iterdir()).unlink()
    _, story = run()
    assert story["notes"][0] == "There is no prior mask, so the gradient map is zero everywhere."


def test_a_model_of_another_method_is_refused(run, model_dir, tmp_path):
    folder = shutil.copytree(model_dir, tmp_path / "model")
    (folder / "method.json").write_text('{"window_hu": 400}')
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["method.json"] = sha256_of(folder / "method.json")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"method\.json must hold the settings of .* method, but window_hu"):
        run(folder)


def test_a_challenge_with_answers_writes_them_beside_its_label_map(run, tmp_path):
    (tmp_path / "input/the-record.json").write_text('{"stage": "T2",}')
    _, story = run(challenge=load_challenge(ROOT / "tests/support/answering"))
    output = tmp_path / "output"
    assert files_below(output) == [OUTPUT_FILE, "more/volume.json", "stage.json"]
    assert json.loads((output / "stage.json").read_text()) == "T2"
    voxels = int((sitk.GetArrayFromImage(sitk.ReadImage(str(output / OUTPUT_FILE))) > 0).sum())
    assert json.loads((output / "more/volume.json").read_text()) == pytest.approx(0.5 * 0.5 * 2 * voxels)
    assert list(story["stages_s"]) == ["read", "prepare", "predict", "finish", "answer", "write"]
    assert story["features"] == {"voxels": voxels, "margin": 5}
    assert story["inputs_sha256"]["record"] == sha256_of(tmp_path / "input/the-record.json")


@pytest.mark.parametrize(
    ("record", "note"), [(None, "There is no health record."), ("{", "The health record must be JSON, but ")]
)
def test_without_a_value_the_method_says_so_and_goes_on(run, tmp_path, record, note):
    if record is not None:
        (tmp_path / "input/the-record.json").write_text(record)
    _, story = run(challenge=load_challenge(ROOT / "tests/support/answering"))
    assert story["notes"][-1].startswith(note)
    assert "record" not in story["inputs_sha256"]
    assert json.loads((tmp_path / "output/stage.json").read_text()) == "T1"


def test_a_wrong_answer_leaves_no_label_map_either(run, tmp_path):
    answering = SimpleNamespace(**vars(method), answer=lambda *_: Answers({"stage": "T1", "volume": math.nan}))
    with pytest.raises(OutputError, match="The volume must be a finite number, but the method answered nan"):
        run(challenge=Challenge(EDITIONS["asking"], answering))
    assert files_below(tmp_path / "output") == []


def test_an_edition_without_answers_never_asks_the_method(run, tmp_path):
    answering = SimpleNamespace(**vars(method), answer=None)  # calling it would fail
    _, story = run(challenge=Challenge(EDITIONS["quiet"], answering))
    assert "answer" not in story["stages_s"]
    assert files_below(tmp_path / "output") == [OUTPUT_FILE]
