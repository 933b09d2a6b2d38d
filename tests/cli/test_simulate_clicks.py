"""`hnseg simulate-clicks` as a user calls it, from cases to the score."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import simulate_clicks
from hnseg.cli.program import run_program
from hnseg.evaluation.clicks.record import read_simulation
from tests.support.small_challenges import HN_UISEG


@pytest.fixture
def cases(tmp_path):
    HN_UISEG.write_case(tmp_path / "cases/case_000/input")
    HN_UISEG.write_reference(tmp_path, tmp_path / "cases/case_000/expected")
    return tmp_path / "cases"


def run(*words):
    app = typer.Typer()
    app.command()(simulate_clicks.command)
    return CliRunner().invoke(app, list(map(str, words)))


def test_cases_are_clicked_once_and_not_again(cases, quick_model, tmp_path):
    words = [quick_model(HN_UISEG), cases, "--output", tmp_path / "out", "--most-clicks", 3, "--budget", "halved"]
    words += ["--device", "cpu", "--no-guard", "--rule", "largest"]
    first = run(*words)
    assert first.exit_code == 0, first.output
    record = tmp_path / "out" / "case_000" / "clicks.json"
    user = read_simulation(record).user
    assert (user.rule, user.most_clicks, user.most_per_structure, user.has_guard) == ("largest", 3, 1, False)
    written = record.stat().st_mtime_ns
    again = run(*words)
    assert "1 of 1 cases are done already" in again.output
    assert record.stat().st_mtime_ns == written
    assert (tmp_path / "out" / "index.html").is_file()


def test_a_case_without_a_reference_fails_with_a_sentence(cases, quick_model, tmp_path):
    for path in (cases / "case_000" / "expected").rglob("*.mha"):
        path.unlink()
    done = run(quick_model(HN_UISEG), cases, "--output", tmp_path / "out", "--device", "cpu")
    assert done.exit_code == 1
    assert "1 failed: case_000" in done.output


def test_a_hyphen_in_a_verb_is_an_underscore_in_its_module(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["hnseg", "simulate-clicks", "--help"])
    with pytest.raises(SystemExit, match="0"):
        run_program("hnseg", "Program.", package="hnseg.cli", verbs=("simulate-clicks",))
    assert "--each-lesion" in capsys.readouterr().out
