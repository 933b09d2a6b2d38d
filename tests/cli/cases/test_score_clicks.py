"""`hnseg score CHALLENGE --clicks DIR` as a user calls it."""

from __future__ import annotations

import csv
import json

import pytest
import typer
from typer.testing import CliRunner

from hnseg.cli import score
from hnseg.cli.cases.score_clicks import score_clicks
from hnseg.errors import InputError
from tests.support.simulated_clicks import measures, write_record


@pytest.fixture
def clicked(tmp_path):
    write_record(
        tmp_path / "clicked", "a", [(measures(0.5), measures(0.5)), (measures(0.75), measures(0.25))], harmful=(1,)
    )
    return tmp_path / "clicked"


def run(*words):
    app = typer.Typer()
    app.command(**score.SETTINGS)(score.command)
    return CliRunner().invoke(app, list(map(str, words)))


def test_prints_the_table_and_writes_all_files(clicked, tmp_path):
    files = {
        option: tmp_path / f"score.{suffix}" for option, suffix in (("json", "json"), ("table", "csv"), ("plot", "svg"))
    }
    options = [word for option, path in files.items() for word in (f"--{option}", path)]
    done = run("hn_uiseg", "--clicks", clicked, *options)
    assert done.exit_code == 0, done.output
    assert "| 3 clicks | GTVp | 0.750 | 0.750 | 4.0 |" in done.output
    assert "1 clicks in 1 cases: 1 did harm, 0 changed nothing; 0.5 ml were held back. A structure's" in done.output
    assert json.loads(files["json"].read_text())["areas"]["GTVp"]["dsc"] == pytest.approx((0.625 + 0.75 + 0.75) / 3)
    rows = list(csv.DictReader(files["table"].open()))
    assert (rows[0]["clicks"], rows[0]["structure"], rows[0]["mean_dsc"]) == ("automatic", "GTVp", "0.5")
    assert "NSD at 2 mm" in files["plot"].read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--clicks", "x", "--predictions", "y"], "must be asked for without --predictions"),
        (["--clicks", "x", "--edition", "2022"], "must be asked for without --edition"),
        (["--clicks", "x", "--report", "r.html"], "must be asked for without --report"),
        (["--predictions", "x"], "--references was left out"),
        (["--predictions", "x", "--references", "y", "--plot", "z.png"], "--plot must go with --clicks"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words, sentence):
    done = run("hn_uiseg", *words)
    assert isinstance(done.exception, InputError)
    assert sentence in str(done.exception)


def test_a_challenge_without_clicks_is_refused(clicked):
    with pytest.raises(InputError, match="but han_seg has none"):
        score_clicks("han_seg", clicked, json=None, table=None, plot=None)
