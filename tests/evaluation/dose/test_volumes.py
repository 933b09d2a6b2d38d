import csv
import io

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.evaluation.dose.painting import DoseRule, Prescription
from hnseg.evaluation.dose.volumes import report_of, volumes_csv, volumes_table

RAMP = np.linspace(0, 1, 101, dtype=np.float32)


def prescription_of(doses_gy):
    return Prescription(sitk.Image(), np.asarray(doses_gy, np.float32), voxel_cc=0.5, left_out_cc=1.5)


def test_a_linear_ramp_of_probability_has_a_linear_curve_of_volume():
    rule = DoseRule(66.0, 10.0)
    report = report_of(prescription_of(rule.doses_of(RAMP)), rule, at_least=0.0)
    assert [one.dose_gy for one in report.volumes] == list(range(66, 77))
    # 101 voxels of 0.5 cc, ten of them a gray; every dose is met exactly by one.
    assert [one.at_least_cc for one in report.volumes] == [50.5 - 5 * step for step in range(11)]
    assert [one.to_next_cc for one in report.volumes] == [5.0] * 10 + [0.5]
    assert (report.rule, report.target, report.target_cc) == ("linear", "probability", 50.5)
    assert (report.lowest_gy, report.highest_gy) == (66, 76)
    assert report.mean_gy == pytest.approx(71)


def test_levels_have_a_row_each():
    rule = DoseRule(60.0, 8.0, (0.25, 0.9))
    report = report_of(prescription_of(rule.doses_of(RAMP)), rule, at_least=None)
    rows = [(one.dose_gy, one.at_least_cc, one.to_next_cc) for one in report.volumes]
    assert rows == [(60, 50.5, 12.5), (64, 38, 32.5), (68, 5.5, 5.5)]
    assert (report.rule, report.target, report.at_least) == ("levels", "mask", None)
    assert sum(one.to_next_cc for one in report.volumes) == report.target_cc


def test_without_a_boost_there_is_one_dose():
    report = report_of(prescription_of([60, 60]), DoseRule(60.0, 0.0), at_least=0.5)
    assert [(one.dose_gy, one.at_least_cc) for one in report.volumes] == [(60, 1)]


def test_table_and_csv_have_a_row_a_dose():
    report = report_of(prescription_of([60, 68]), DoseRule(60.0, 8.0, (0.5,)), at_least=0.5)
    assert volumes_table(report).rows == (("60.0", "1.00", "100.0", "0.50"), ("68.0", "0.50", "50.0", "0.50"))
    rows = list(csv.DictReader(io.StringIO(volumes_csv(report))))
    assert rows[1] == {"dose_gy": "68.0", "at_least_cc": "0.5", "at_least_share": "0.5", "to_next_cc": "0.5"}
