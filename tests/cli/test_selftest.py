"""`hnseg selftest`: a table, a report and a status."""

import dataclasses
import json

import pytest
import torch
import typer
from typer.testing import CliRunner

from hnseg.cli import selftest
from hnseg.errors import InputError, OutputError
from hnseg.selftest import selftest as room
from hnseg.selftest.untrained import Shape
from tests.support.small_selftest import SMALL_SIZES


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the verb in this process with small sizes."""
    monkeypatch.setattr(room, "ON_PROCESSOR", SMALL_SIZES)
    monkeypatch.setattr(room, "_DEMO", tmp_path / "no demo ensemble")
    app = typer.Typer()
    app.command()(selftest.command)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def test_a_usable_device_has_a_table_a_report_and_status_0(run, tmp_path):
    report = tmp_path / "report.json"
    done = run("--device", "cpu", "--json", report)
    assert done.exit_code == 0, done.output
    assert "| label map, exact | right | " in done.output
    assert done.output.endswith("Usable (cpu): every check is right. Tested with untrained ensembles.\n")
    values = json.loads(report.read_text())
    assert values["verdict"] == "Usable (cpu): every check is right."
    assert [row["name"] for row in values["rows"]] == [
        "device",
        "first pass",
        "a pass by parts",
        "label map, exact",
        "label map, fast",
        "peak memory",
        "step down: sums in RAM",
        "step down: weights travel",
        "step down: copies one by one",
        "demo case",
        "31 labels, reduced size",
    ]


def test_a_check_that_fails_is_told_on_the_page_and_ends_with_status_1(run, tmp_path, monkeypatch):
    odd_patch = Shape((7, 16, 16), (4, 8))  # no multiple of the strides
    monkeypatch.setattr(room, "ON_PROCESSOR", dataclasses.replace(SMALL_SIZES, many_labels=odd_patch))
    done = run("--device", "cpu", "--report", tmp_path / "report.html")
    assert done.exit_code == 1
    assert "NOT usable (cpu). 31 labels: ended with ModelError" in done.output
    assert "| demo case | measured |" in done.output
    assert "must give a patch that its network takes" in (tmp_path / "report.html").read_text()


def test_a_report_of_another_type_is_refused_before_any_work(run, tmp_path):
    done = run("--report", tmp_path / "report.pdf")
    assert isinstance(done.exception, OutputError)
    assert "must be one file of type .html, but" in str(done.exception)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_refused(run):
    done = run("--device", "cuda")
    assert isinstance(done.exception, InputError)
    assert "A GPU was asked for" in str(done.exception)
