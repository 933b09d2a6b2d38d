"""Table and CSV of a report."""

import csv

from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.cross_fit import calibration_of
from hnseg_training.calibration.report import MEASURES, CalibrationReport
from tests.support.calibrated_voxels import cases_at


def test_both_have_every_measure_and_each_structure():
    _, report = calibration_of(
        cases_at((3.0, 2.0), [0, 1]), ("background", "GTVp"), Sampling(), model="test", predicted_by="fold"
    )
    titles = [*MEASURES.values(), "ECE of GTVp near its surface"]
    assert [row[0] for row in report.table.rows] == titles
    rows = list(csv.DictReader(report.as_csv().splitlines()))
    assert [row["measure"] for row in rows] == titles
    assert float(rows[0]["band_before"]) == report.band.before.ece
    assert report.table.rows[0][2] == f"{report.band.after.ece:.4f}"
    assert CalibrationReport.model_validate_json(report.model_dump_json()) == report
