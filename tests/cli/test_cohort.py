"""`hnseg cohort`: the command as a user calls it, on small cases."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hnseg.cohort.state.store import CaseStore
from tests.support.dicom_case import write_pet_ct
from tests.support.planted_identifiers import PLANTED
from tests.support.small_challenges import HECKTOR, HNTS_MRG

HNSEG = Path(sys.executable).with_name("hnseg")


@pytest.fixture(scope="module")
def model(quick_model):
    return quick_model(HNTS_MRG)


@pytest.fixture
def cases(tmp_path):
    """A folder of three cases."""
    for number in range(3):
        HNTS_MRG.write_case(tmp_path / f"cases/case_{number:03}/input")
    return tmp_path / "cases"


@pytest.fixture
def start(tmp_path):
    """A function that starts the command."""

    def run(cases, *words):
        command = [HNSEG, "cohort", HNTS_MRG.container_dir, cases, "--output", tmp_path / "results", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


@pytest.fixture
def run(start):
    """A function that runs the command to its end and returns its status, stdout and stderr."""

    def run_command(cases, *words):
        process = start(cases, *words)
        out, err = process.communicate()
        return process.returncode, out, err

    return run_command


def rows(results):
    with (results / "cohort.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_list_says_what_is_there_and_runs_nothing(run, cases, tmp_path):
    next((cases / "case_001/input/images").rglob("*.mha")).unlink()
    (cases / "notes").mkdir()
    (cases / "notes/a.txt").write_text("mine")
    status, out, err = run(cases, "--list")
    assert (status, err) == (0, "")
    assert "| case_000 | found |" in out
    assert "3 cases, found as case folders" in out
    assert "1 files or folders belong to no case (notes)" in out
    assert not (tmp_path / "results").exists()


def test_without_a_model_it_asks_for_one(run, cases):
    status, _, err = run(cases)
    assert status == 1
    assert err.splitlines()[-1].startswith("A model and a folder for the results must be given")


def test_it_runs_reports_and_goes_on(run, cases, model, tmp_path):
    results = tmp_path / "results"
    broken = next((cases / "case_001/input").rglob("*mid-rt*/*.mha"))
    broken.write_bytes(broken.read_bytes()[:200])
    status, out, err = run(cases, "--model", model, "--workers", "2", "--uncertainty", "--tta", "1")
    assert (status, out.strip()) == (1, str(results / "index.html"))
    assert err.splitlines()[-1] == "2 cases done, 1 failed: case_001."
    assert [(row["case"], row["status"]) for row in rows(results)] == [
        ("case_000", "done"), ("case_001", "failed"), ("case_002", "done"),
    ]  # fmt: skip
    assert str(broken) in rows(results)[1]["reason"]
    assert (results / "case_000/report/index.html").is_file()
    found = json.loads((results / "case_000/status.json").read_text())
    assert set(found["outputs"]) >= {"uncertainty/entropy.nii.gz", "uncertainty/structures.json"}
    assert set(found["facts"]["structures"]) == {"GTVp", "GTVn"}
    assert json.loads((results / "case_000/uncertainty/structures.json").read_text())["tta"] == 1

    status, _, err = run(cases, "--model", model, "--uncertainty", "--tta", "1")
    assert status == 1
    assert "2 of 3 cases are done already." in err
    assert "1 failed before and stay as they are" in err
    broken.unlink()
    broken.write_bytes(next((cases / "case_000/input").rglob("*mid-rt*/*.mha")).read_bytes())
    status, _, err = run(cases, "--model", model, "--uncertainty", "--tta", "1")
    assert (status, err.splitlines()[-1]) == (0, "3 cases done.")
    assert "has changed: case_001" in err


def test_ctrl_c_keeps_what_had_ended_and_says_so(start, cases, model, tmp_path):
    store = CaseStore(tmp_path / "results")
    process = start(cases, "--model", model)
    until_s = time.monotonic() + 120
    while not store.names():
        assert time.monotonic() < until_s
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Stopped. The cases that had ended are kept; the same command goes on with the others." in err
    assert rows(store.folder)[0]["status"] == "done"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "4/3"], "A shard must be a number from 1"),
        (["--gpus", "0", "--on", "slurm"], "GPUs can be named where workers run on this machine"),
        (["--model", "nowhere"], "A model must be a folder, but nowhere is none."),
    ],
)
def test_what_can_not_be_is_a_sentence(run, cases, model, words, said):
    status, _, err = run(cases, "--model", model, *words)
    assert status == 1
    assert said in err


def test_cases_in_dicom_are_listed_run_and_kept(tmp_path, quick_model):
    write_pet_ct(tmp_path / "cases" / "one")
    (tmp_path / "cases/two/deep").mkdir(parents=True)
    words = [HNSEG, "cohort", HECKTOR.container_dir, tmp_path / "cases", "--dicom"]
    listed = subprocess.run([*words, "--list"], capture_output=True, text=True, check=True).stdout
    assert "| one | found | found | none |" in listed
    assert "must hold DICOM images, but no file there is a DICOM image" in listed
    words += ["--output", tmp_path / "results", "--model", quick_model(HECKTOR)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "1 case done, 1 failed: two.")
    assert (tmp_path / "results/one" / HECKTOR.output_file).is_file()
    pages = "".join(
        path.read_text()
        for path in (tmp_path / "results").rglob("*")
        if path.suffix in (".html", ".csv", ".json", ".txt", ".log")
    )
    assert not [name for name in PLANTED if name in done.stdout + done.stderr + pages]
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "1 of 2 cases are done already." in again.stderr
