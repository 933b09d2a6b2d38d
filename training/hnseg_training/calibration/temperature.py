"""Temperatures of classes, fitted by the negative log-likelihood of voxels.

Each class has the voxels where it is most probable, so its temperature is fitted apart. The likelihood has one minimum
in it: the logarithm of a softmax is concave in the inverse temperature.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from scipy.optimize import minimize_scalar

from hnseg.evaluation.calibration.proper_scores import negative_log_likelihood
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg.inference.model.calibration import LEAST_TEMPERATURE, MOST_TEMPERATURE

ENOUGH_ERRORS = 20
"""Voxels of a class that must be right, and wrong, for a temperature of its own."""
_DIGITS = 4


def fitted_temperatures(samples: VoxelSamples) -> tuple[float, ...]:
    """Return the temperature of each class, (k,), from 0.1 to 10.

    A class that is hardly ever most probable, or hardly ever wrong, has that of all classes together; where these have
    too few voxels, 1.

    Args:
        samples: Voxels with probabilities of k classes.
    """
    of_all = _fitted(samples, 1.0)
    classes = range(samples.log_probabilities.shape[1])
    return tuple(_fitted(samples.at(samples.predicted == number), of_all) for number in classes)


def _fitted(samples: VoxelSamples, otherwise: float) -> float:
    """Return one temperature for all of the voxels."""
    right = int(np.count_nonzero(samples.is_correct))
    if min(right, len(samples) - right) < ENOUGH_ERRORS:
        return otherwise
    classes = samples.log_probabilities.shape[1]
    found = minimize_scalar(
        lambda logarithm: negative_log_likelihood(samples.at_temperatures([exp(logarithm)] * classes)),
        bounds=(log(LEAST_TEMPERATURE), log(MOST_TEMPERATURE)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return round(min(max(exp(found.x), LEAST_TEMPERATURE), MOST_TEMPERATURE), _DIGITS)
