"""`hnseg score recurrence` with several methods as a user calls it."""

import json

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import score
from hnseg.cli.cases.score_methods import MethodFolders, folder_of
from hnseg.errors import InputError
from tests.support.recurrence_patients import write_cohort, write_images


@pytest.fixture
def root(tmp_path, monkeypatch):
    write_images(write_cohort(tmp_path) / "images")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    app = typer.Typer()
    app.command(**score.SETTINGS)(score.command)
    return CliRunner().invoke(app, ["recurrence", *map(str, words)])


def test_prints_the_tables_and_writes_all_files(root):
    done = run(
        "--probabilities", "net=probability", "--predictions", "gtv=first", "--predictions", "none", "--references",
        "references", "--images", "images", "--json", "all.json", "--plot", "curve.svg", "--report", "page.html",
        "--core", "as-code",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "| gtv | 0.67 (0.33, 0.67) | 6.8 (6.8, 6.8) |" in done.output
    assert "| net - none | DSC | 2 |" in done.output
    written = json.loads((root / "all.json").read_text())
    assert [method["name"] for method in written["methods"]] == ["net", "gtv", "none"]
    assert written["options"] == {"core": "as-code"}
    assert written["sweep"]["best_percent"] == 11
    assert (root / "page.html").read_text().count("data:image/png") == 4
    assert "net, any threshold" in (root / "curve.svg").read_text()


def test_one_named_folder_is_scored_as_ever(root):
    done = run("--predictions", "gtv=first", "--references", "references", "--csv", "scores.csv")
    assert done.exit_code == 0, done.output
    assert done.output.endswith("mean DSC: 0.4444\n")
    assert (root / "scores.csv").read_text().splitlines()[1].startswith("gtv,a,recurrence,DSC,0.66")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--predictions", "all", "--predictions", "x/all"], "must have a name of its own, but --predictions has all"),
        (
            ["--predictions", "all", "--predictions", "none", "--csv", "a.csv"],
            "methods side by side must be asked for without",
        ),
        (["--images", "images"], "but --predictions was left out"),
        (["--predictions", "all", "--report", "page.txt"], "page.txt"),
        (["--predictions", "all", "--json", "references/a.nii.gz", "--report", "page.html"], "references/a.nii.gz"),
    ],
)
def test_what_can_not_be_is_refused(root, words, sentence):
    done = run(*words, "--references", "references")
    assert done.exit_code != 0
    assert sentence in str(done.exception)
    assert not (root / "page.html").exists()


@pytest.mark.usefixtures("root")
def test_another_challenge_compares_no_methods():
    app = typer.Typer()
    app.command(**score.SETTINGS)(score.command)
    words = ["hnts_mrg", "--predictions", "all", "--predictions", "none", "--references", "references"]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, InputError)
    assert "hnts_mrg scores one folder" in str(done.exception)


def test_a_folder_may_have_a_name_and_methods_with_probabilities_come_first(root):
    assert folder_of("net=x/y")[0] == "net"
    assert folder_of("x/net=5")[0] == "net=5"
    (root / "net=5").mkdir()
    assert folder_of("net=5")[0] == "net=5"
    folders = MethodFolders(("gtv=a", "net=b"), ("net=c",), root)
    assert [(method.name, bool(method.probabilities)) for method in folders.methods] == [("net", True), ("gtv", False)]
