"""The organisers' own masks give the score they published with them."""

import pytest

from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import score_folder
from tests.support.real_data import needs_real_data, real_data_dir

MASKS = real_data_dir() / "hnts_masks"
pytestmark = needs_real_data("hnts_masks")


@pytest.fixture(scope="module")
def report() -> ScoreReport:
    """Registered pre-RT masks scored as if they were predictions of the mid-RT masks (15 patients)."""
    return score_folder("hnts_mrg", MASKS / "prediction_masks", MASKS / "groundtruth_masks")


def test_aggregated_dsc(report):
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(0.2251672584272026, abs=1e-12)
    assert report.structures["GTVn"]["aggregated_dsc"] == pytest.approx(0.7249491946997102, abs=1e-12)
    assert report.score == pytest.approx(0.4750582265634564, abs=1e-12)


def test_mean_dsc_without_empty_references(report):
    assert report.structures["GTVp"]["mean_dsc"] == pytest.approx(0.30642031926335656, abs=1e-12)
    assert report.structures["GTVn"]["mean_dsc"] == pytest.approx(0.6578104089363979, abs=1e-12)
    assert report.structures["GTVp"]["cases_in_mean_dsc"] == 11
    assert report.structures["GTVn"]["cases_in_mean_dsc"] == 13


def test_the_values_of_one_patient(report):
    case = next(case for case in report.cases if case.name == "81")
    assert case.structures["GTVp"]["dsc"] == pytest.approx(0.03255813953488372, abs=1e-12)
    assert case.structures["GTVp"]["reference_mm3"] == pytest.approx(838.014505579392, rel=1e-12)
    assert case.structures["GTVn"]["dsc"] == pytest.approx(0.6192130564757211, abs=1e-12)
    assert case.structures["GTVn"]["reference_mm3"] == pytest.approx(4838.369860685461, rel=1e-12)
