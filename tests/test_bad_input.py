"""Every bad input ends `hnseg run` with one sentence, status 1, and nothing in the output."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from containers.hnts_mrg.spec import MID_T2W, OUTPUT, REGISTERED_MASK
from hnseg.cli import run
from tests.support.bad_cases import (
    BAD_CASES,
    BAD_MODELS,
    BAD_RECORDS,
    CT_ONLY_CASES,
    RESAMPLED_CASES,
    UNFIT_MODELS,
    seal,
)
from tests.support.small_case import OUTPUT_FILE, SHAPE_ZYX, files_below, write_image, write_small_case
from tests.support.small_challenges import CHALLENGES, HAN_SEG, HECKTOR, HNTS_MRG

HNSEG = Path(sys.executable).parent / "hnseg"


@pytest.fixture
def output_dir(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


@pytest.fixture
def prepared(tmp_path, output_dir, quick_model):
    """Write a challenge's good case and model, which can then be spoilt, and return what runs the verb on them."""
    app = typer.Typer()
    app.command()(run.command)

    def prepare(challenge, model=None):
        challenge.write_case(tmp_path / "input")
        shutil.copytree(model or quick_model(challenge), tmp_path / "model")
        folders = {"--input": tmp_path / "input", "--output": output_dir, "--model": tmp_path / "model"}
        words = [str(word) for pair in folders.items() for word in pair]
        fixed = [str(challenge.container_dir), *words, "--device", "cpu", "--limit-s", "1e9"]
        return lambda *options: CliRunner().invoke(app, [*fixed, *options])

    return prepare


@pytest.fixture
def hnseg_run(prepared):
    """Run the verb in this process on the case of HNTS-MRG; it and the model can be spoilt before."""
    return prepared(HNTS_MRG)


def assert_told(done, sentence, folder=r"\S+"):
    """Check that a run failed with a sentence, which is the last line, and with no traceback."""
    assert done.exit_code == 1
    assert re.match(sentence.replace("FOLDER", folder), done.stderr.splitlines()[-1]), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("challenge", "bad"), BAD_CASES)
def test_bad_input_is_told_in_a_sentence(prepared, tmp_path, output_dir, challenge, bad):
    hnseg_run = prepared(challenge)
    bad.spoil(tmp_path / "input")
    assert_told(hnseg_run(), bad.sentence)
    assert files_below(output_dir) == []


def test_a_broken_list_of_inputs_is_no_failure_but_said_in_one_line(hnseg_run, tmp_path, output_dir):
    (tmp_path / "input/inputs.json").write_text('[{"socket":')
    done = hnseg_run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert files_below(output_dir) == [OUTPUT_FILE]
    (note,) = (line for line in done.stdout.splitlines() if line.startswith("note: ") and "inputs.json" in line)
    assert re.match(r"note: \S+/inputs\.json is not JSON \(line 1, column 12\), so it was ignored and the inputs", note)


@pytest.mark.parametrize("bad", RESAMPLED_CASES, ids=lambda bad: bad.name)
def test_a_mask_on_another_grid_is_no_failure_but_said_in_one_line(hnseg_run, tmp_path, output_dir, bad):
    bad.spoil(tmp_path / "input")
    done = hnseg_run()
    assert done.exit_code == 0
    notes = json.loads(done.stdout.splitlines()[-1])["notes"]
    assert re.match(bad.sentence.replace("FOLDER", r"\S+"), notes[0])
    assert files_below(output_dir) == HNTS_MRG.output_files


@pytest.mark.parametrize("bad", BAD_MODELS, ids=lambda bad: bad.name)
def test_a_bad_model_is_told_in_a_sentence(hnseg_run, tmp_path, output_dir, bad):
    bad.spoil(tmp_path / "model")
    assert_told(hnseg_run(), bad.sentence)
    assert files_below(output_dir) == []


@pytest.mark.parametrize(("challenge", "made_with", "sentence"), UNFIT_MODELS)
def test_a_model_of_another_challenge_is_told_in_a_sentence(
    prepared, make_model, output_dir, challenge, made_with, sentence
):
    model = make_model(exported=True, **made_with)
    assert_told(prepared(challenge, model)(), sentence)
    assert files_below(output_dir) == []


def test_time_that_is_over_is_told_in_a_sentence(hnseg_run, output_dir):
    assert_told(
        hnseg_run("--limit-s", "0.01"),
        r"The case must end within 0\.01 s, but they were over before there was a label map",
    )
    assert files_below(output_dir) == []


def test_an_output_of_another_origin_is_told_and_left(hnseg_run, output_dir):
    other = output_dir / "images" / OUTPUT / "other.mha"
    other.parent.mkdir(parents=True)
    other.touch()
    assert_told(hnseg_run(), r"output\.mha must be the only file in FOLDER, but other\.mha is there already\.")
    assert other.exists()


def test_a_folder_that_is_no_challenge_is_told_by_the_command_itself(tmp_path):
    words = ["run", tmp_path, "--input", tmp_path, "--output", tmp_path / "output", "--model", tmp_path]
    done = subprocess.run([HNSEG, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("A challenge's folder must hold spec.py and method.py, but")


@pytest.mark.parametrize("is_bad", [False, True])
def test_the_command_itself_gives_the_same_status_and_sentence(tmp_path, output_dir, model_dir, is_bad):
    write_small_case(tmp_path / "input")
    if is_bad:
        next((tmp_path / "input/images" / MID_T2W).iterdir()).unlink()
    words = ["run", HNTS_MRG.container_dir, "--input", tmp_path / "input", "--output", output_dir, "--model", model_dir]
    done = subprocess.run([HNSEG, *words], capture_output=True, text=True, check=False)
    assert done.returncode == int(is_bad)
    assert [line[:38] for line in done.stderr.splitlines()] == ["Exactly one image, the mid-RT T2w, mus"] * is_bad
    assert files_below(output_dir) == [] if is_bad else [OUTPUT_FILE]
    assert len([line for line in done.stdout.splitlines() if line.startswith("ensemble loaded")]) == 1


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path, output_dir, model_dir):
    # A limit on the size of files stops the writing as a full disk does.
    write_small_case(tmp_path / "input", shape_zyx=(20, 80, 80))
    words = ["run", HNTS_MRG.container_dir, "--input", tmp_path / "input", "--output", output_dir, "--model", model_dir]
    limited = f"ulimit -f 1; exec {HNSEG} {' '.join(map(str, words))}"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.match(r"\S+/output\.mha must be written whole, but that failed, with", done.stderr.splitlines()[-1])
    assert files_below(output_dir) == []


@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_the_good_case_itself_is_fine(prepared, output_dir, challenge):
    done = prepared(challenge)()
    assert (done.exit_code, done.stderr) == (0, "")
    assert files_below(output_dir) == challenge.output_files


@pytest.mark.parametrize(("challenge", "bad"), CT_ONLY_CASES)
def test_a_case_without_a_usable_second_image_is_no_failure_but_said_in_one_line(
    prepared, tmp_path, output_dir, challenge, bad
):
    hnseg_run = prepared(challenge)
    bad.spoil(tmp_path / "input")
    done = hnseg_run()
    assert (done.exit_code, done.stderr) == (0, "")
    (note,) = (line for line in done.stdout.splitlines() if line.startswith("note: CT only: "))
    assert re.match(bad.sentence.replace("FOLDER", r"\S+"), note.removeprefix("note: CT only: "))
    assert note.removeprefix("note: ") in json.loads(done.stdout.splitlines()[-1])["notes"]
    assert files_below(output_dir) == challenge.output_files


@pytest.mark.parametrize("challenge", [HAN_SEG, HECKTOR], ids=lambda challenge: challenge.name)
def test_a_label_map_outside_the_body_is_said_and_a_setting_keeps_it_inside(prepared, tmp_path, output_dir, challenge):
    hnseg_run = prepared(challenge)
    done = hnseg_run()
    assert (done.exit_code, done.stderr) == (0, "")
    before = json.loads(done.stdout.splitlines()[-1])["outside_body"]
    assert max(before.values()) > 0.01
    assert "note: Outside the body on the CT lie " in done.stdout
    path = output_dir / challenge.output_files[0]
    label_map = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    settings = tmp_path / "model" / "method.json"
    given = json.loads(settings.read_text()) if settings.is_file() else {}
    settings.write_text(json.dumps({**given, "keep_inside_body": True}))
    seal(tmp_path / "model")
    done = hnseg_run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["outside_body"] == before
    assert "these voxels are set to background." in done.stdout
    kept = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert 0 < np.count_nonzero(kept) < np.count_nonzero(label_map)
    assert np.array_equal(kept[kept > 0], label_map[kept > 0])


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=lambda bad: bad.name)
def test_a_bad_health_record_is_no_failure_but_said_in_one_line(prepared, tmp_path, output_dir, bad):
    hnseg_run = prepared(HECKTOR)
    bad.spoil(tmp_path / "input")
    done = hnseg_run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Jane Doe" not in done.stdout
    sentence = bad.sentence.replace("FOLDER", r"\S+")
    assert sum(bool(re.match(f"note: {sentence}", line)) for line in done.stdout.splitlines()) == 1
    assert files_below(output_dir) == HECKTOR.output_files


def test_a_model_without_outcomes_is_told_where_they_are_asked_for(prepared, tmp_path, output_dir):
    hnseg_run = prepared(HECKTOR)
    (tmp_path / "model" / "method.json").write_text('{"crop": "head_neck"}')
    seal(tmp_path / "model")
    assert_told(
        hnseg_run(), r"method\.json must hold outcomes, .* Fit them with hnseg-train outcomes hecktor and export"
    )
    assert files_below(output_dir) == []
    done = hnseg_run("--edition", "2025")
    assert (done.exit_code, done.stderr) == (0, "")
    assert files_below(output_dir) == ["images/tumor-lymph-node-segmentation/output.mha"]


def test_an_empty_prior_is_no_failure_but_said(hnseg_run, tmp_path, output_dir):
    prior = next((tmp_path / "input/images" / REGISTERED_MASK).iterdir())
    write_image(np.zeros(SHAPE_ZYX, np.uint8), prior)
    done = hnseg_run()
    assert done.exit_code == 0
    assert "The prior mask is empty, so the gradient map is zero everywhere." in done.stdout
    assert files_below(output_dir) == [OUTPUT_FILE]
