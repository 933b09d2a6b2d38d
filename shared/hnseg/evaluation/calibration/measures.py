"""Measures of calibration of some voxels as a record: of all classes together, and of each structure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hnseg.evaluation.calibration.proper_scores import brier_score, negative_log_likelihood
from hnseg.evaluation.calibration.reliability import (
    ReliabilityBin,
    bins_of_equal_mass,
    bins_of_equal_width,
    expected_calibration_error,
)
from hnseg.evaluation.calibration.risk_coverage import RiskCoverage
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg.evaluation.statistics.auroc import auroc
from hnseg.records import Frozen, MaybeNumber

_POINTS = 100


class StructureCalibration(Frozen):
    """Calibration of one structure's probability, on the voxels near its own surface."""

    voxels: int
    """Number of these voxels."""
    ece: MaybeNumber
    """Expected calibration error of the probability of this structure, in bins of equal width; None of no voxel."""
    reliability: list[ReliabilityBin]
    """Bins of that."""


class CalibrationMeasures(Frozen):
    """Calibration of a model on some voxels; all numbers are None where there is none."""

    voxels: int
    """Number of voxels."""
    accuracy: MaybeNumber
    """Fraction of them that have the most probable class."""
    mean_confidence: MaybeNumber
    """Mean probability of that class."""
    ece: MaybeNumber
    """Expected calibration error of that probability, in bins of equal width."""
    ece_equal_mass: MaybeNumber
    """The same in bins of equal mass."""
    classwise_ece: MaybeNumber
    """Mean over classes of the expected calibration error of their probabilities, in bins of equal width."""
    brier: MaybeNumber
    """Brier score over all classes, 0 to 2."""
    nll: MaybeNumber
    """Negative log-likelihood in nats."""
    aurc: MaybeNumber
    """Area under the risk-coverage curve."""
    excess_aurc: MaybeNumber
    """That area over the least possible one."""
    auroc_of_errors: MaybeNumber
    """Area under the receiver operating characteristic of low confidence for errors; None where there is no error."""
    reliability: list[ReliabilityBin]
    """Bins of equal width of the most probable class's probability."""
    risk_coverage: list[tuple[float, float]]
    """Points of the risk-coverage curve: coverage and risk."""
    structures: dict[str, StructureCalibration]
    """Calibration of each structure, by its name."""

    @classmethod
    def of(cls, samples: VoxelSamples, names: Sequence[str]) -> CalibrationMeasures:
        """Return the measures of voxels.

        Args:
            samples: Voxels with probabilities of k classes, the background first.
            names: Name of each class, (k,).
        """
        confidence, is_correct = samples.confidence, samples.is_correct
        bins = bins_of_equal_width(confidence, is_correct)
        curve = RiskCoverage.of(confidence, is_correct) if len(samples) else None
        return cls(
            voxels=len(samples),
            accuracy=_mean(is_correct),
            mean_confidence=_mean(confidence),
            ece=expected_calibration_error(bins),
            ece_equal_mass=expected_calibration_error(bins_of_equal_mass(confidence, is_correct)),
            classwise_ece=_mean(np.array([_ece_of_class(samples, number) for number in range(len(names))])),
            brier=brier_score(samples),
            nll=negative_log_likelihood(samples),
            aurc=curve.area if curve else None,
            excess_aurc=curve.excess_area if curve else None,
            auroc_of_errors=auroc(-confidence, ~is_correct),
            reliability=bins,
            risk_coverage=curve.points(_POINTS) if curve else [],
            structures={name: _of_structure(samples, number) for number, name in enumerate(names) if number},
        )


def _of_structure(samples: VoxelSamples, number: int) -> StructureCalibration:
    """Return the calibration of one class near its own surface."""
    near = samples.at(samples.near[:, number])
    bins = _bins_of_class(near, number)
    return StructureCalibration(voxels=len(near), ece=expected_calibration_error(bins), reliability=bins)


def _ece_of_class(samples: VoxelSamples, number: int) -> float:
    return expected_calibration_error(_bins_of_class(samples, number))


def _bins_of_class(samples: VoxelSamples, number: int) -> list[ReliabilityBin]:
    return bins_of_equal_width(np.exp(samples.log_probabilities[:, number]), samples.classes == number)


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values, dtype=np.float64)) if len(values) else float("nan")
