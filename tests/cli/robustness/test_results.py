"""`hnseg robustness` as a user calls it."""

import json
import subprocess
import sys

import pytest

from hnseg.robustness.scores.scores_csv import as_csv
from tests.support.made_up_study import made_up_study


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(as_csv(made_up_study()))
    return path


def run(*arguments):
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "robustness", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_prints_tables_and_writes_json_and_a_page(scores, tmp_path):
    done = run("--scores", scores, "--json", tmp_path / "r.json", "--report", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    assert "| kind | severity | CT GTVp | CT GTVn | PET GTVp | PET GTVn |" in done.stdout
    assert "stars by Wilcoxon's test and Benjamini-Hochberg over 16 cells" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    cell = report["cells"][0]
    assert [cell[key] for key in ("modality", "kind", "severity", "structure")] == ["CT", "spike", 1, "GTVp"]
    assert cell["median_delta"] == pytest.approx(0.25, abs=0.02)
    assert (tmp_path / "report" / "robustness.html").is_file()


def test_a_refusal_is_one_sentence_and_leaves_nothing(scores, tmp_path):
    scores.write_text(scores.read_text().replace("dsc", "dice"))
    done = run("--scores", scores, "--json", tmp_path / "r.json", "--report", tmp_path / "report")
    assert done.returncode == 1
    assert "it does not do so for dsc" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_the_scores_are_never_replaced(scores):
    done = run("--scores", scores, "--json", scores)
    assert done.returncode == 1
    assert "--json must not replace an input" in done.stderr
