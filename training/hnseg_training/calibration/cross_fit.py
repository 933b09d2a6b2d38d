"""Calibration of a bundle: temperatures fitted on all held-out cases, and measured on cases that they don't know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hnseg.errors import InputError
from hnseg.evaluation.calibration.measures import CalibrationMeasures
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg.inference.model.calibration import Calibration, PredictedBy
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.held_out import HeldOutCase
from hnseg_training.calibration.member_samples import MemberSamples
from hnseg_training.calibration.report import BeforeAndAfter, CalibrationReport
from hnseg_training.calibration.temperature import fitted_temperatures

_DIGITS = 6


def calibration_of(
    cases: Sequence[HeldOutCase], names: Sequence[str], sampling: Sampling, *, model: str, predicted_by: PredictedBy
) -> tuple[Calibration, CalibrationReport]:
    """Return the temperatures of a model, and the report on them.

    Temperatures are fitted on the band's voxels of all cases. The report is cross-fitted: a part's cases are measured
    at the temperatures of the other parts' cases, or, where there is one part, each case at those of the others.

    Args:
        cases: Cases with their voxels.
        names: Name of each class, the background first.
        sampling: Sampling of these voxels.
        model: Name of the ensemble.
        predicted_by: Networks that predicted each case.

    Raises:
        InputError: There is only one case, or no voxel of a structure in any.
    """
    groups = _groups(cases)
    if len(groups) < 2 or not any(len(case.voxels.band) for case in cases):
        raise InputError(
            f"To calibrate a model there must be two held-out cases at least, with structures; {len(cases)} were found."
        )
    temperatures = fitted_temperatures(_together(cases, "band"))
    without = {
        group: fitted_temperatures(
            _together([case for other, members in groups.items() if other != group for case in members], "band")
        )
        for group in groups
    }
    report = CalibrationReport(
        model=model,
        predicted_by=predicted_by,
        cases={case.name: case.part for case in cases},
        band_mm=sampling.band_mm,
        most_voxels=sampling.most,
        seed=sampling.seed,
        temperatures=dict(zip(names, temperatures, strict=True)),
        temperatures_without={group: dict(zip(names, each, strict=True)) for group, each in without.items()},
        band=_before_and_after(groups, without, "band", names),
        everywhere=_before_and_after(groups, without, "everywhere", names),
    )
    return _calibration(report), report


def _groups(cases: Sequence[HeldOutCase]) -> dict[str, list[HeldOutCase]]:
    """Return the cases by part, or by their names where there is one part."""
    is_one = len({case.part for case in cases}) == 1
    groups: dict[str, list[HeldOutCase]] = {}
    for case in cases:
        groups.setdefault(case.name if is_one else case.part, []).append(case)
    return groups


def _together(cases: Sequence[HeldOutCase], place: str) -> MemberSamples:
    return MemberSamples.together([getattr(case.voxels, place) for case in cases])


def _before_and_after(
    groups: Mapping[str, Sequence[HeldOutCase]],
    temperatures: Mapping[str, Sequence[float]],
    place: str,
    names: Sequence[str],
) -> BeforeAndAfter:
    """Return the measures of the band, or everywhere, each group at the temperatures of the others."""
    samples = {group: _together(cases, place) for group, cases in groups.items()}
    before = [each.at_temperatures([1.0] * len(names)) for each in samples.values()]
    after = [each.at_temperatures(temperatures[group]) for group, each in samples.items()]
    return BeforeAndAfter(
        before=CalibrationMeasures.of(VoxelSamples.together(before), names),
        after=CalibrationMeasures.of(VoxelSamples.together(after), names),
    )


def _calibration(report: CalibrationReport) -> Calibration:
    """Return what the bundle keeps of a report."""
    before, after = report.band.before, report.band.after
    return Calibration(
        temperatures=report.temperatures,
        predicted_by=report.predicted_by,
        cases=len(report.cases),
        voxels=before.voxels,
        band_mm=report.band_mm,
        ece_before=round(float(before.ece or 0), _DIGITS),
        ece_after=round(float(after.ece or 0), _DIGITS),
    )
