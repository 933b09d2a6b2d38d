"""Cross-fitted report: each fold at the temperatures of the others, and what the bundle keeps."""

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.calibration.measures import CalibrationMeasures
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.cross_fit import calibration_of
from hnseg_training.calibration.member_samples import MemberSamples
from hnseg_training.calibration.temperature import fitted_temperatures
from tests.support.calibrated_voxels import cases_at

NAMES = ("background", "GTVp", "GTVn")


def test_a_fold_is_measured_at_the_temperatures_of_the_others():
    cases = cases_at((3.0, 2.0, 2.5), [0, 0, 1, 2])
    calibration, report = calibration_of(cases, NAMES, Sampling(band_mm=7), model="test", predicted_by="ensemble")
    bands = [case.voxels.band for case in cases]
    assert list(report.temperatures_without) == ["fold 0", "fold 1", "fold 2"]
    others = fitted_temperatures(MemberSamples.together(bands[2:]))
    assert report.temperatures_without["fold 0"] == dict(zip(NAMES, others, strict=True))
    assert tuple(report.temperatures.values()) == fitted_temperatures(MemberSamples.together(bands))

    groups = {"fold 0": bands[:2], "fold 1": bands[2:3], "fold 2": bands[3:]}
    after = [
        band.at_temperatures(list(report.temperatures_without[group].values()))
        for group, members in groups.items()
        for band in members
    ]
    assert report.band.after == CalibrationMeasures.of(VoxelSamples.together(after), NAMES)
    assert report.band.after.ece < 0.2 * report.band.before.ece
    assert (calibration.cases, calibration.voxels, calibration.band_mm) == (4, 16_000, 7)
    assert calibration.ece_after == pytest.approx(report.band.after.ece, abs=1e-6)
    assert calibration.temperatures == report.temperatures
    assert report.cases == {"case_0": "fold 0", "case_1": "fold 0", "case_2": "fold 1", "case_3": "fold 2"}
    assert (calibration.predicted_by, report.predicted_by) == ("ensemble", "ensemble")


def test_of_one_fold_each_case_is_measured_at_those_of_the_others():
    _, report = calibration_of(cases_at((3.0, 2.0, 2.5), [4, 4]), NAMES, Sampling(), model="test", predicted_by="fold")
    assert list(report.temperatures_without) == ["case_0", "case_1"]


def test_one_case_is_too_few():
    with pytest.raises(InputError, match=r"two held-out cases at least, with structures; 1 were found"):
        calibration_of(cases_at((1.0, 1.0, 1.0), [0]), NAMES, Sampling(), model="test", predicted_by="fold")
