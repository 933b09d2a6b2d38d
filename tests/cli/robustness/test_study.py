"""`hnseg robustness CHALLENGE` as a user calls it: a small study, resumed."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import robustness
from hnseg.cohort.state.status import STATUS_FILE
from tests.support.small_challenges import HECKTOR

CHOSEN = ("--modalities", "ct", "--kinds", "blur,noise", "--severities", "1")


@pytest.fixture
def words(quick_model, tmp_path):
    HECKTOR.write_case(tmp_path / "cases/case_000/input")
    HECKTOR.write_reference(tmp_path, tmp_path / "cases/case_000/expected")
    return [HECKTOR.container_dir, "--cases", tmp_path / "cases", "--model", quick_model(HECKTOR), "--device", "cpu"]


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


def test_a_case_without_a_reference_fails_with_a_sentence(words, tmp_path):
    for path in (tmp_path / "cases/case_000/expected").rglob("*.mha"):
        path.unlink()
    done = run(*words, *CHOSEN, "--output", tmp_path / "out")
    assert done.exit_code == 1
    assert "1 of 1 variants have no result yet" in done.output
    assert not (tmp_path / "out" / "robustness.html").exists()
