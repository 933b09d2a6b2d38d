"""`hnseg robustness CHALLENGE` as a user calls it: a small study, resumed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import robustness
from hnseg.cohort.state.status import STATUS_FILE
from hnseg.imaging.files.output_files import write_image
from tests.support.small_challenges import HECKTOR, RECURRENCE
from tests.support.small_recurrence import OUTPUT_FILE, small_gtv, write_small_case
from tests.support.stand_in_scheduler import StandInScheduler

ROOT = Path(__file__).parents[3]

CHOSEN = ("--modalities", "ct", "--kinds", "blur,noise", "--severities", "1")


@pytest.fixture
def words(quick_model, tmp_path):
    HECKTOR.write_case(tmp_path / "cases/case_000/input")
    HECKTOR.write_reference(tmp_path, tmp_path / "cases/case_000/expected")
    return [HECKTOR.container_dir, tmp_path / "cases", "--model", quick_model(HECKTOR), "--device", "cpu"]


def run(*words):
    app = typer.Typer()
    app.command()(robustness.command)
    return CliRunner().invoke(app, list(map(str, words)))


def test_two_studies_are_equal_byte_for_byte_and_a_third_run_does_nothing_again(words, tmp_path):
    results = []
    for name in ("one", "two"):
        done = run(*words, *CHOSEN, "--output", tmp_path / name, "--json", tmp_path / f"{name}.json")
        assert done.exit_code == 0, done.output
        files = [tmp_path / name / file for file in ("scores.csv", "robustness.json")] + [tmp_path / f"{name}.json"]
        results.append([path.read_bytes() for path in files])
    assert results[0] == results[1]
    report = json.loads((tmp_path / "one.json").read_text())
    cells = [(cell["modality"], cell["kind"], cell["severity"]) for cell in report["cells"]]
    assert cells == [("CT", "noise", 1)] * 2 + [("CT", "blur", 1)] * 2  # in the order of the kinds, not of the option
    page = (tmp_path / "one" / "robustness.html").read_text()
    assert page.count("data:image/png") >= 1
    (status,) = (tmp_path / "one" / "variants").glob(f"case_000.baseline/{STATUS_FILE}")
    written = status.stat().st_mtime_ns
    again = run(*words, *CHOSEN, "--output", tmp_path / "one")
    assert "3 of 3 cases are done already" in again.output
    assert status.stat().st_mtime_ns == written


def test_a_rule_without_a_network_is_studied_too(tmp_path):
    write_small_case(tmp_path / "cases/case_000/input")
    expected = tmp_path / "cases/case_000/expected" / OUTPUT_FILE
    expected.parent.mkdir(parents=True)
    write_image(small_gtv(), expected)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/method.json").write_text('{"rule": "suvmax", "brain": "none"}')
    folders = (tmp_path / "cases", "--model", tmp_path / "model", "--output", tmp_path / "out")
    done = run(RECURRENCE.container_dir, *folders, "--kinds", "noise", "--severities", "1")
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out/robustness.json").read_text())
    assert [(cell["modality"], cell["structure"]) for cell in report["cells"]] == [
        ("CT", "recurrence"),
        ("PET", "recurrence"),
    ]


def results_of(folder):
    return [(folder / name).read_bytes() for name in ("scores.csv", "robustness.json")]


@pytest.mark.slow
def test_shards_and_jobs_of_a_cluster_give_the_same_results(words, tmp_path, monkeypatch):
    assert run(*words, *CHOSEN, "--output", tmp_path / "whole").exit_code == 0
    first = run(*words, *CHOSEN, "--output", tmp_path / "shared", "--shard", "1/2")
    assert "1 of 3 variants have no result yet" in first.output
    assert run(*words, *CHOSEN, "--output", tmp_path / "shared", "--shard", "2/2").exit_code == 0
    scheduler = StandInScheduler("slurm", tmp_path / "scheduler")
    monkeypatch.setenv("PATH", f"{scheduler.commands}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    job = ("--on", "slurm", "--workers", "1", "--job-processors", "1", "--job-memory", "2GB")
    try:
        done = run(*words, *CHOSEN, "--output", tmp_path / "jobs", *job)
    finally:
        scheduler.end()
    assert done.exit_code == 0, done.output
    assert len(scheduler.scripts()) == 1
    assert results_of(tmp_path / "whole") == results_of(tmp_path / "shared") == results_of(tmp_path / "jobs")


def test_a_case_without_a_reference_fails_with_a_sentence(words, tmp_path):
    for path in (tmp_path / "cases/case_000/expected").rglob("*.mha"):
        path.unlink()
    done = run(*words, *CHOSEN, "--output", tmp_path / "out")
    assert done.exit_code == 1
    assert "1 of 1 variants have no result yet" in done.output
    assert not (tmp_path / "out" / "robustness.html").exists()
