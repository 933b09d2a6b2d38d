"""`hnseg rank` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import rank
from hnseg.errors import InputError, OutputError
from tests.support.simulated_challenge import simulated_scores, write_scores


@pytest.fixture
def scores(tmp_path) -> Path:
    """Scores of three teams in six cases."""
    return write_scores(simulated_scores(0, cases=6, teams=("eli1", "Mamaa", "TurboMiki")), tmp_path / "scores.csv")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code, "rank", *arguments], capture_output=True, text=True, check=False)


def _failure(*arguments: str) -> BaseException | None:
    app = typer.Typer()
    app.command()(rank.command)
    return CliRunner().invoke(app, arguments).exception


def test_prints_a_table_and_writes_json_and_a_plot(scores, tmp_path):
    done = _run(str(scores), "--json", str(tmp_path / "r.json"), "--plot", str(tmp_path / "r.png"), "--bootstrap", "20")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:5]] == ["| eli1", "| Mamaa", "| TurboMiki"]
    assert "over 180 items; alpha 0.05 after Bonferroni's correction (K = 3)." in done.stdout
    assert "of 20 draws of cases. Kendall's tau with the final ranking 1.00" in done.stdout
    assert "Empty predictions of OpticNrv_R" in done.stdout
    assert "6 patients and are not independent" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert [team["rank"] for team in report["by_item"]["teams"]] == [1, 2, 3]
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_options_reach_the_ranking(scores, tmp_path):
    app = typer.Typer()
    app.command()(rank.command)
    options = "--bootstrap 5 --seed 7 --alpha 0.01 --pairs-corrected 9 --resample cases-and-structures"
    result = CliRunner().invoke(app, [str(scores), *options.split(), "--json", str(tmp_path / "r.json")])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["bootstrap"] == {"draws": 5, "seed": 7, "resampled": "cases-and-structures"}
    assert (report["alpha"], report["pairs_corrected"], report["method"]) == (0.01, 9, "han-seg")


def test_a_refusal_is_one_sentence_and_status_1(scores):
    lines = scores.read_text().splitlines()
    scores.write_text("\n".join(lines[:-1]))
    done = _run(str(scores))
    assert done.returncode == 1
    assert "but TurboMiki has no HD95 of SpinalCord in case_06. Give an empty prediction a row" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--method", "han_seg", "--method must be one of han-seg, hecktor-2025, found 'han_seg'"),
        ("--resample", "items", "--resample must be one of cases, cases-and-structures, found 'items'"),
        ("--plot", "ranking.pdf", "must end in .png or .svg, found 'ranking.pdf'"),
    ],
)
def test_an_unknown_choice_is_refused_before_any_work(option, value, sentence):
    failure = _failure("nowhere.csv", option, value)
    assert isinstance(failure, InputError)
    assert sentence in str(failure)


def test_a_file_that_cant_be_written_is_named(scores, tmp_path):
    failure = _failure(str(scores), "--bootstrap", "0", "--json", str(tmp_path / "nowhere" / "r.json"))
    assert isinstance(failure, OutputError)
    assert "nowhere/r.json, but that failed: No such file or directory" in str(failure)


@pytest.mark.parametrize("name", ["plot.png", "plot.svg"])
def test_a_full_disk_is_told_of_by_the_plots_own_path(scores, tmp_path, name):
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))"
    code += "; from hnseg.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "rank", str(scores), "--bootstrap", "0", "--plot", str(tmp_path / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"The plot must be written to {tmp_path / name}, but that failed: File too large.")
    assert [path.name for path in tmp_path.iterdir()] == [scores.name]


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_file_of_scores_is_never_replaced(scores, tmp_path, option):
    link = tmp_path / "link.png"
    link.symlink_to(scores)
    before = scores.read_bytes()
    failure = _failure(str(scores), option, str(link))
    assert isinstance(failure, OutputError)
    assert f"{option} must not replace an input, but {link} is the same file as {scores}" in str(failure)
    assert scores.read_bytes() == before


def test_measures_of_a_team_are_never_replaced(measures):
    failure = _failure(str(measures), "--method", "hecktor-2025", "--json", str(measures))
    assert f"--json must not replace an input, but {measures} is read" in str(failure)


def test_former_files_survive_a_failure(scores, tmp_path):
    former = [tmp_path / name for name in ("ranking.json", "ranking.png")]
    for path in former:
        path.write_text("former")
    scores.write_text("team\n")
    failure = _failure(str(scores), "--json", str(former[0]), "--plot", str(former[1]))
    assert isinstance(failure, InputError)
    assert [path.read_text() for path in former] == ["former", "former"]
    assert not list(tmp_path.glob(".unfinished*"))


@pytest.fixture
def measures(tmp_path) -> Path:
    """Three numbers of three teams: one is best at two of them."""
    path = tmp_path / "measures.csv"
    rows = {"A": (0.7, 0.8, 0.6), "B": (0.6, 0.9, 0.7), "C": (0.8, 0.7, 0.5)}
    names = ("GTVp.mean_dsc", "GTVn.aggregated_dsc", "GTVn.aggregated_f1")
    lines = [
        f"{team},{name},{value}" for team, of_team in rows.items() for name, value in zip(names, of_team, strict=True)
    ]
    path.write_text("\n".join(["team,metric,value", *lines]))
    return path


def test_borda_counts_print_a_table_and_write_json(measures, tmp_path):
    done = _run(str(measures), "--method", "hecktor-2025", "--json", str(tmp_path / "r.json"))
    assert done.returncode == 0, done.stderr
    # Each team is first, second or third by either group: all have 2 points.
    assert "| A | 0.7000 (2) | 0.8000 (2) | 0.6000 (2) | 2 | 2 | 2 | 1 |" in done.stdout
    assert "of 3 teams, rank r is worth 3 - r points" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert [team["rank"] for team in report["teams"]] == [1, 1, 1]
    assert report["teams"][1]["measures"]["GTVn.aggregated_f1"] == {"rank": 1, "points": 2, "value": 0.7}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seed", "3", "--plot", "a.png"], "ranked without significance tests, but --plot, --seed was given"),
        (["--method", "han-seg"], "must name the columns team, case, structure, metric, value once each"),
    ],
)
def test_options_of_the_other_kind_of_ranking_are_refused(measures, options, sentence):
    failure = _failure(str(measures), "--method", "hecktor-2025", *options)
    assert isinstance(failure, InputError)
    assert sentence in str(failure)


def test_significance_takes_one_file(scores):
    failure = _failure(str(scores), str(scores))
    assert isinstance(failure, InputError)
    assert "han-seg must rank one file with the scores of all teams, found 2 files" in str(failure)
