"""The container's program, in a process of its own: what it prints, its status, and what it leaves behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import MID_T2W, SPEC
from hnseg import entrypoint
from hnseg.imaging.geometry import Grid
from hnseg.inference import loading
from hnseg.machine import process_started_s
from hnseg.platform.challenge import Challenge
from hnseg.platform.writing import write_empty
from tests.support.small_case import LONG_ZYX, OUTPUT_FILE, SHAPE_ZYX, files_below, write_image, write_small_case
from tests.support.small_challenges import HNTS_MRG
from tests.support.unsure.spec import ENTROPY

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folders(tmp_path, model_dir):
    (tmp_path / "output").mkdir()
    return {"--input": write_small_case(tmp_path / "input"), "--output": tmp_path / "output", "--model": model_dir}


def command(folders, *options, package="containers.hnts_mrg"):
    words = [str(word) for pair in folders.items() for word in pair]
    return [sys.executable, "-m", package, *words, "--device", "cpu", *options]


def run(folders, *options, package="containers.hnts_mrg", **variables):
    return subprocess.run(
        command(folders, *options, package=package),
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def stopped_after(line, folders, *, pause_s, **variables):
    """Return the status, stdout and stderr of a run that gets SIGTERM soon after a line of its log."""
    with subprocess.Popen(
        command(folders),
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        while not child.stdout.readline().startswith(line):
            assert child.poll() is None
        time.sleep(pause_s)
        child.send_signal(signal.SIGTERM)
        stdout, stderr = child.communicate(timeout=30)
    return child.returncode, stdout, stderr


def test_a_case_tells_its_story_on_stdout_and_nothing_on_stderr(folders):
    done = run(folders)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines if "peak memory" in line] == [
        "read",
        "check",
        "prepare",
        "predict",
        "finish",
        "write",
    ]
    assert any(line.startswith("ensemble loaded ") and line.endswith(" s after process start") for line in lines)
    told = json.loads(lines[-1])
    assert told["challenge"] == "hnts_mrg"
    assert len(told["inputs_sha256"]) == 3
    assert told["model_sha256"].keys() >= {"plans.json", "dataset.json"}
    assert told["settings"]["gradient_map"]["test_margin_voxels"] == 5
    assert set(told["stages_s"]) == {"read", "check", "prepare", "predict", "finish", "write"}
    (loaded,) = (line for line in lines if line.startswith("ensemble loaded "))
    assert told["total_s"] > float(loaded.split()[2])  # from the process's start


def test_precision_and_backend_come_from_the_environment_and_are_told(folders):
    done = run(folders, HNSEG_PRECISION="fast", HNSEG_BACKEND="torch")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["device"], told["backend"], told["precision"]) == ("cpu", "torch", "fast")


def test_the_checkpoint_of_a_result_folder_comes_from_the_environment(folders, make_model, tmp_path):
    model = shutil.copytree(make_model(folds=(0, 1), **HNTS_MRG.model), tmp_path / "results")
    final = model / "fold_1" / "checkpoint_final.pth"
    final.rename(final.with_name("checkpoint_best.pth"))
    done = run(folders | {"--model": model})
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout.splitlines()[-1])
    assert "Fold 1 has no checkpoint_final.pth, so that checkpoint_best.pth was taken." in told["notes"]
    assert {name for name in told["model_sha256"] if "fold" in name} == {
        "fold_0/checkpoint_final.pth",
        "fold_1/checkpoint_best.pth",
    }
    done = run(folders | {"--model": model}, HNSEG_CHECKPOINT="best")
    told = json.loads(done.stdout.splitlines()[-1])
    assert {name for name in told["model_sha256"] if "fold" in name} == {"fold_1/checkpoint_best.pth"}


def test_the_input_may_be_a_symbolic_link_that_leads_elsewhere(folders, tmp_path):
    (tmp_path / "link").symlink_to(folders["--input"])
    assert run(folders | {"--input": tmp_path / "link"}).returncode == 0


def test_an_earlier_output_does_not_survive_a_failed_run(folders):
    assert run(folders).returncode == 0
    assert files_below(folders["--output"]) == [OUTPUT_FILE]
    write_image(np.zeros(SHAPE_ZYX, np.int16), next((folders["--input"] / "images" / MID_T2W).iterdir()))
    assert run(folders).returncode == 1
    assert files_below(folders["--output"]) == []


def test_on_request_a_failed_case_gets_an_empty_label_map_and_status_0(folders):
    reference = next((folders["--input"] / "images" / MID_T2W).iterdir())
    write_image(np.full(SHAPE_ZYX, 5, np.int16), reference)
    done = run(folders, HNSEG_ON_ERROR="empty")
    sentence = "THE OUTPUT IS EMPTY, as HNSEG_ON_ERROR=empty asks, because the case failed: The mid-RT T2w must show"
    assert done.returncode == 0
    assert [line[:24] for line in done.stderr.splitlines()] == ["The mid-RT T2w must show", sentence[:24]]
    assert done.stderr.splitlines()[-1].startswith(sentence)
    assert sentence in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["notes"][-1].startswith(sentence)
    written, wanted = sitk.ReadImage(str(folders["--output"] / OUTPUT_FILE)), sitk.ReadImage(str(reference))
    assert not sitk.GetArrayViewFromImage(written).any()
    assert written.GetPixelID() == sitk.sitkUInt8
    for geometry in (sitk.Image.GetSize, sitk.Image.GetSpacing, sitk.Image.GetOrigin, sitk.Image.GetDirection):
        assert geometry(written) == geometry(wanted)


def test_without_a_grid_there_can_be_no_empty_label_map(folders):
    next((folders["--input"] / "images" / MID_T2W).iterdir()).write_bytes(b"not an image")
    done = run(folders, HNSEG_ON_ERROR="empty")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The mid-RT T2w must be a readable image")
    assert files_below(folders["--output"]) == []


def test_past_its_limit_a_case_fails(folders):
    done = run(folders, HNSEG_LIMIT_S="0.01")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The case must end within 0.01 s")
    assert files_below(folders["--output"]) == []


def test_too_little_memory_is_told_in_a_sentence(folders):
    limited = f"ulimit -d {1 << 19}; exec {' '.join(command(folders))}"  # 512 MiB: torch starts, a case does not fit
    big = folders["--input"]
    write_small_case(big, shape_zyx=(200, 400, 400))
    done = subprocess.run(["bash", "-c", limited], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The case must fit into memory")
    assert files_below(folders["--output"]) == []


def test_sigterm_stops_a_case_and_leaves_nothing(folders):
    write_small_case(folders["--input"], shape_zyx=(64, 256, 256))
    status, _, stderr = stopped_after("prepare:", folders, pause_s=0.2)
    assert status == 143
    assert stderr.splitlines()[-1].startswith("The case was stopped by a signal before it was finished, so there is no")
    assert files_below(folders["--output"]) == []


@pytest.mark.parametrize("package", ["containers", "containers.hnts_mrg", "containers.han_seg", "containers.hecktor"])
def test_sigterm_is_heeded_while_libraries_are_still_being_imported(folders, package):
    words = [sys.executable, "-X", "importtime", *command(folders, package=package)[1:]]  # a line for each import
    with subprocess.Popen(
        words, cwd=ROOT, env=os.environ | {"HNSEG_CHALLENGE": "hnts_mrg"}, stderr=subprocess.PIPE, text=True
    ) as child:
        imported = (line.rpartition("|")[2].strip() for line in child.stderr)
        assert "hnseg.signals" in imported
        assert "numpy" in imported
        child.send_signal(signal.SIGTERM)
        rest = child.stderr.read()
    assert child.returncode == 143
    assert "The container was stopped by a signal before its work began, so there is no output.\n" in rest
    assert files_below(folders["--output"]) == []


def test_sigterm_after_a_first_look_leaves_a_whole_label_map(folders, long_model):
    folders["--model"] = long_model
    write_small_case(folders["--input"], shape_zyx=LONG_ZYX)
    status, stdout, stderr = stopped_after("first label map after", folders, pause_s=1, HNSEG_LIMIT_S="60")
    assert status == 143
    assert stderr.splitlines()[-1].startswith("The case was stopped by a signal before it was finished; the output is")
    provenance = json.loads(stdout.splitlines()[-1])
    assert "planes" in provenance["notes"][-1]
    assert provenance["plans"]
    assert files_below(folders["--output"]) == [OUTPUT_FILE]
    assert sitk.ReadImage(str(folders["--output"] / OUTPUT_FILE)).GetSize() == LONG_ZYX[::-1]


def test_a_case_too_long_for_its_time_ends_in_time(folders, long_model):
    before_s = time.monotonic()
    run(folders)  # a small case, whose time is that of the start on this machine as busy as it is
    limit_s = max(15, round(4 * (time.monotonic() - before_s)))
    folders["--model"] = long_model
    write_small_case(folders["--input"], shape_zyx=LONG_ZYX)
    done = run(folders, HNSEG_LIMIT_S=str(limit_s))
    assert done.returncode == 0, done.stderr
    provenance = json.loads(done.stdout.splitlines()[-1])
    assert any(f"to end within {limit_s} s" in note for note in provenance["notes"])
    assert provenance["effort_spent"]["folds"] >= 1
    assert provenance["total_s"] < limit_s
    assert files_below(folders["--output"]) == [OUTPUT_FILE]


def run_here(folders, prepare, *, for_s):
    """Return the status of a run in this process with another `prepare`, whose limit is over in so many seconds."""
    import torch  # noqa: F401 (imported before the time counts)

    challenge = Challenge(SPEC, SimpleNamespace(Settings=method.Settings, prepare=prepare, finish=method.finish))
    words = [str(word) for pair in folders.items() for word in pair]
    limit_s = time.monotonic() - process_started_s() + for_s
    return entrypoint.run(challenge, [*words, "--device", "cpu", "--backend", "torch", "--limit-s", str(limit_s)])


def test_a_gpu_that_can_not_be_used_is_told_on_stderr_and_in_the_provenance(folders, capsys, monkeypatch):
    monkeypatch.setattr(loading, "unusable_reason", lambda: "torch must be built for CUDA, but it is not.")
    words = [str(word) for pair in folders.items() for word in pair]
    assert entrypoint.main(SPEC, method, [*words, "--backend", "torch", "--limit-s", "1e9"]) == 0
    told, line = capsys.readouterr(), "THE GPU IS NOT USED: torch must be built for CUDA, but it is not."
    assert told.err.splitlines() == [line]
    provenance = json.loads(told.out.splitlines()[-1])
    assert (provenance["device"], provenance["notes"].count(line)) == ("cpu", 1)


def test_a_step_that_never_ends_is_given_up_in_time(folders, capsys):
    began_s = time.monotonic()
    assert run_here(folders, lambda *_: time.sleep(600), for_s=10) == 1
    assert time.monotonic() - began_s < 100
    sentence = (
        r"The case must end within \S+ s, but they were over before there was a label map\. Is the machine slower"
    )
    assert re.match(sentence, capsys.readouterr().err)
    assert files_below(folders["--output"]) == []


def test_where_the_time_is_over_the_label_map_that_is_written_stays(folders, capsys):
    def prepare(case, _):
        write_empty(SPEC, Grid.of(case.reference), folders["--output"])  # as the delivery of a first label map does
        time.sleep(600)

    assert run_here(folders, prepare, for_s=20) == 0
    told = capsys.readouterr()
    assert told.err == ""
    provenance = json.loads(told.out.splitlines()[-1])
    assert provenance["notes"][-1].startswith("The output is the label map that was written before ")
    assert provenance["total_s"] < provenance["limit_s"]
    assert files_below(folders["--output"]) == [OUTPUT_FILE]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("HNSEG_ON_ERROR", "emtpy", "HNSEG_ON_ERROR must be fail or empty, found 'emtpy'"),
        ("HNSEG_API_METHOD", "http", "HNSEG_API_METHOD must be exec or invoke, found 'http'"),
        ("HNSEG_PRECISION", "half", "HNSEG_PRECISION must be exact or fast, found 'half'"),
        ("HNSEG_BACKEND", "onnx", "HNSEG_BACKEND must be auto, torch, openvino or onnxruntime, found 'onnx'"),
        ("HNSEG_CHECKPOINT", "last", "HNSEG_CHECKPOINT must be auto, final, best or latest, found 'last'"),
        ("HNSEG_SKIP", "bone", "HNSEG_SKIP must be none, air or far, found 'bone'"),
        ("HNSEG_LIMIT_S", "-1", "argument --limit-s: must be seconds over 0, found '-1'"),
        ("HNSEG_LIMIT_S", "soon", "argument --limit-s: must be seconds over 0, found 'soon'"),
        ("HNSEG_LIMIT_S", "nan", "argument --limit-s: must be seconds over 0, found 'nan'"),
        ("HNSEG_LIMIT_S", "1e400", "argument --limit-s: must be seconds over 0, found '1e400'"),
    ],
)
def test_a_wrong_setting_is_a_usage_error(folders, variable, value, sentence):
    done = run(folders, **{variable: value})
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("challenge", ["", "no_such", "hnts_mrg.spec", "../containers/hnts_mrg"])
def test_a_challenge_that_there_is_not_is_a_usage_error(challenge):
    words = [sys.executable, "-m", "containers"]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"HNSEG_CHALLENGE": challenge}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    known = "han_seg, hecktor, hn_uiseg, hnts_mrg, recurrence"
    assert done.stderr == f"HNSEG_CHALLENGE must be one of {known}, found {challenge!r}. Is it misspelt?\n"


@pytest.mark.parametrize("port", ["-1", "0", "65536", "http", "8_0"])
def test_a_port_that_there_is_not_is_a_usage_error(port):
    words = [sys.executable, "-m", "containers.hnts_mrg", "--port", port]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f"argument --port: must be a number from 1 to 65535, found '{port}'\n")


ENTROPY_FILE = f"images/{ENTROPY}/output.mha"
ANSWERING = "tests.support.answering"
ANSWER_FILES = ["more/volume.json", "stage.json"]


def test_without_a_word_it_is_the_challenges_own_edition(folders):
    done = run(folders, package=ANSWERING)
    assert (done.returncode, done.stderr) == (0, "")
    assert files_below(folders["--output"]) == [OUTPUT_FILE, *ANSWER_FILES]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["limit_s"] == 77
    assert told["features"]["margin"] == 5


def test_the_environment_chooses_an_edition_with_its_limit_and_its_outputs(folders):
    done = run(folders, package=ANSWERING, HNSEG_EDITION="quiet")
    assert done.returncode == 0
    assert files_below(folders["--output"]) == [OUTPUT_FILE]
    assert json.loads(done.stdout.splitlines()[-1])["limit_s"] == 1200


@pytest.mark.parametrize(
    ("package", "sentence"),
    [(ANSWERING, "must be one of quiet, asking, but 'loud'"), ("containers.hnts_mrg", "must be left out, since there")],
)
def test_an_edition_that_does_not_exist_is_a_usage_error(folders, package, sentence):
    done = run(folders, package=package, HNSEG_EDITION="loud")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_on_request_a_failed_case_gets_empty_answers_too(folders):
    write_image(np.full(SHAPE_ZYX, 5, np.int16), next((folders["--input"] / "images" / MID_T2W).iterdir()))
    assert run(folders, package=ANSWERING, HNSEG_ON_ERROR="empty").returncode == 0
    assert files_below(folders["--output"]) == [OUTPUT_FILE, *ANSWER_FILES]
    assert [json.loads((folders["--output"] / name).read_text()) for name in ANSWER_FILES] == [0.0, "T1"]


def test_on_request_a_failed_case_gets_a_map_that_says_that_nothing_is_known(folders):
    write_image(np.full(SHAPE_ZYX, 5, np.int16), next((folders["--input"] / "images" / MID_T2W).iterdir()))
    done = run(folders, package="tests.support.unsure", HNSEG_ON_ERROR="empty")
    assert done.returncode == 0
    assert files_below(folders["--output"]) == sorted([ENTROPY_FILE, OUTPUT_FILE])
    entropy = sitk.GetArrayFromImage(sitk.ReadImage(str(folders["--output"] / ENTROPY_FILE)))
    assert (entropy == np.float32(np.log(3))).all()
    assert "THE OUTPUT IS EMPTY AND ITS ENTROPY THE LARGEST (1.099 nats), as HNSEG_ON_ERROR=empty asks" in done.stderr


def test_earlier_answers_do_not_survive_a_failed_run(folders):
    for name in ANSWER_FILES:
        (folders["--output"] / name).parent.mkdir(exist_ok=True)
        (folders["--output"] / name).write_text("1")
    next((folders["--input"] / "images" / MID_T2W).iterdir()).write_bytes(b"not an image")
    assert run(folders, package=ANSWERING).returncode == 1
    assert files_below(folders["--output"]) == []


def test_starting_imports_neither_torch_nor_the_command_line():
    program = (
        "import sys; import containers.hnts_mrg.method, hnseg.entrypoint;"
        "print(*sorted({'torch', 'typer', 'rich', 'matplotlib', 'nnunetv2', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
