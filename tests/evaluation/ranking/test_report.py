"""Keys of a ranking's report, and its table."""

import json

import numpy as np
import pytest

from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.ranking import Settings, rank_table
from hnseg.evaluation.ranking.report import RankingReport, ranking_table
from tests.support.simulated_challenge import ordered_scores

HAN_SEG = METHODS["han-seg"]


def test_the_report_has_these_keys(table_from):
    rows = [row for row in ordered_scores() if row[0] != "third"]
    report = json.loads(rank_table(table_from(rows), Settings(HAN_SEG, draws=10, seed=3)).model_dump_json())
    teams, pairs = report["by_item"].pop("teams"), report["by_item"].pop("pairs")
    assert report["by_patient"].keys() == {"compared", "kendall_tau", "teams", "pairs"}
    assert report.pop("by_patient")["compared"] == 8
    (note,) = report.pop("notes")
    assert note.startswith("The 16 items come from 8 patients and are not independent")
    assert report == {
        "method": "han-seg",
        "alpha": 0.05,
        "pairs_corrected": 1,
        "cases": 8,
        "structures": 2,
        "bootstrap": {"draws": 10, "seed": 3, "resampled": "cases"},
        "by_item": {"compared": 16, "kendall_tau": {"mean": 1.0, "low": 1.0, "high": 1.0, "undefined": 0}},
    }
    dsc = np.mean([row[4] for row in rows if row[0] == "first" and row[3] == "DSC"])
    hd95_mm = np.mean([row[4] for row in rows if row[0] == "first" and row[3] == "HD95"])
    assert [team["team"] for team in teams] == ["first", "second"]
    assert teams[0] == {
        "team": "first",
        "rank": 1,
        "is_shared": False,
        "aggregate": 2,
        "significance_scores": {"DSC": 1, "HD95": 1},
        "metric_ranks": {"DSC": 1, "HD95": 1},
        "means": {"DSC": pytest.approx(dsc), "HD95_mm": pytest.approx(hd95_mm)},
        "bootstrap": {"rank_low": 1, "rank_high": 1, "rank_shares": [1.0, 0.0]},
    }
    p = 2 / 2**16
    assert pairs[0] == {
        "metric": "DSC",
        "team": "first",
        "other": "second",
        "p": p,
        "p_corrected": p,
        "better": "first",
    }
    assert [pair["metric"] for pair in pairs] == ["DSC", "HD95"]


def test_the_report_comes_back_from_its_json(table_from):
    report = rank_table(table_from(ordered_scores()), Settings(HAN_SEG, draws=20))
    assert RankingReport.model_validate_json(report.model_dump_json()) == report


def test_the_table_has_a_row_a_team(table_from):
    report = rank_table(table_from(ordered_scores()), Settings(HAN_SEG, draws=10))
    table = ranking_table(report, HAN_SEG.metrics)
    assert " | ".join(table.headings) == (
        "team | S DSC | R DSC | S HD95 | R HD95 | A | rank | mean DSC | mean HD95 (mm) | rank 95 % | by patients | 95 %"
    )
    first = report.by_item.teams[0].means
    assert table.rows[0] == (
        *("first", "2", "1", "2", "1", "2", "1", f"{first['DSC']:.4f}", f"{first['HD95_mm']:.2f}"),
        *("1 to 1", "1", "1 to 1"),
    )
    without = ranking_table(rank_table(table_from(ordered_scores()), Settings(HAN_SEG, draws=0)), HAN_SEG.metrics)
    assert without.rows[0][-3:] == ("-", "1", "-")
