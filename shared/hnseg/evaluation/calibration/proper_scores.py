"""Proper scores of probabilities, which are best where these are the truth: Brier score and negative log-likelihood.

Source: Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 1950; Gneiting and
Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007.
"""

from __future__ import annotations

import numpy as np

from hnseg.evaluation.calibration.voxel_samples import VoxelSamples


def brier_score(samples: VoxelSamples) -> float:
    """Return the mean over voxels of the squared errors of all classes' probabilities, 0 to 2; NaN of no voxel."""
    if not len(samples):
        return float("nan")
    squares = np.square(samples.probabilities, dtype=np.float64).sum(axis=1)
    return float(np.mean(squares - 2 * _of_reference(samples.probabilities, samples) + 1))


def negative_log_likelihood(samples: VoxelSamples) -> float:
    """Return the mean over voxels of minus the logarithm of the reference's probability, in nats; NaN of no voxel."""
    if not len(samples):
        return float("nan")
    return float(-np.mean(_of_reference(samples.log_probabilities, samples)))


def _of_reference(values: np.ndarray, samples: VoxelSamples) -> np.ndarray:
    """Return the value (n,) of the class that each voxel has."""
    return np.asarray(np.take_along_axis(values, samples.classes[:, None], axis=1)[:, 0], np.float64)
