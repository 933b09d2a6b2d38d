"""Keys of a score report stay, and an undefined or infinite value is null in JSON."""

import json

import numpy as np
import pytest

from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.evaluation.scoring import score_pairs

WHOLE, HALF = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3]


@pytest.fixture
def report(make_label_map) -> ScoreReport:
    """One case with half of its GTVp and no GTVn."""
    return score_pairs("hnts_mrg", [Pair("a", make_label_map({1: HALF}), make_label_map({1: WHOLE}))])


def test_the_report_has_these_keys(report):
    assert json.loads(report.model_dump_json()) == {
        "challenge": "hnts_mrg",
        "score": None,
        "score_name": "mean DSCagg",
        "options": {},
        "structures": {
            "GTVp": {"aggregated_dsc": pytest.approx(2 / 3), "mean_dsc": pytest.approx(2 / 3), "cases_in_mean_dsc": 1},
            "GTVn": {"aggregated_dsc": None, "mean_dsc": None, "cases_in_mean_dsc": 0},
        },
        "overall": {},
        "cases": [
            {
                "name": "a",
                "structures": {
                    "GTVp": {
                        "dsc": pytest.approx(2 / 3),
                        "intersection_mm3": 8.0,
                        "prediction_mm3": 8.0,
                        "reference_mm3": 16.0,
                    },
                    "GTVn": {"dsc": None, "intersection_mm3": 0.0, "prediction_mm3": 0.0, "reference_mm3": 0.0},
                },
                "notes": [],
            }
        ],
        "notes": ["GTVn is in no reference and no prediction: its DSCagg is 0/0, and so is the mean."],
    }


def test_the_report_comes_back_from_its_json(report):
    assert ScoreReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_json_lacks_is_null(value):
    case = CaseScore(name="a", structures={"Lips": {"hd95_mm": value, "cases": 1}})
    assert json.loads(case.model_dump_json())["structures"] == {"Lips": {"hd95_mm": None, "cases": 1}}
