"""`hnseg score` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from hnseg.cli import score
from hnseg.errors import OutputError

WHOLE, HALF, NODE = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]


@pytest.fixture
def folders(make_label_map, tmp_path) -> tuple[Path, Path]:
    """A folder of predictions and one of references, named as in the public data set."""
    predictions, references = tmp_path / "predictions", tmp_path / "references"
    predictions.mkdir()
    references.mkdir()
    sitk.WriteImage(make_label_map({1: HALF, 2: NODE}), predictions / "77_preRT_mask_registered.nii.gz")
    sitk.WriteImage(make_label_map({1: WHOLE, 2: NODE}), references / "77_midRT_mask.nii.gz")
    return predictions, references


def _arguments(folders: tuple[Path, Path], *more: str) -> list[str]:
    predictions, references = folders
    return ["hnts_mrg", "--predictions", str(predictions), "--references", str(references), *more]


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "score", *arguments], capture_output=True, text=True, check=False
    )


def test_prints_tables_and_writes_json(folders, tmp_path):
    done = _run(_arguments(folders, "--json", str(tmp_path / "score.json")))
    assert done.returncode == 0, done.stderr
    assert "| 77 | GTVp | 0.6667 | 8 | 8 | 16 |" in done.stdout
    assert "| GTVn | 1.0000 | 1.0000 | 1 |" in done.stdout
    assert done.stdout.endswith("mean aggregated DSC: 0.8333\n")
    assert json.loads((tmp_path / "score.json").read_text())["score"] == pytest.approx(5 / 6)


def test_a_refusal_is_one_sentence_and_status_1(folders):
    (folders[1] / "78_midRT_mask.nii.gz").touch()
    done = _run(_arguments(folders))
    assert done.returncode == 1
    assert done.stderr.endswith("none: 78_midRT_mask.nii.gz. Is a case missing, or named otherwise?\n")
    assert "Traceback" not in done.stderr


def test_a_file_that_cant_be_written_is_named(folders, tmp_path):
    app = typer.Typer()
    app.command()(score.command)
    result = CliRunner().invoke(app, _arguments(folders, "--json", str(tmp_path / "nowhere" / "score.json")))
    assert isinstance(result.exception, OutputError)
    assert "nowhere/score.json, but that failed: No such file or directory" in str(result.exception)
