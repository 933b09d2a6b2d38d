"""Simulated choice of the best of several candidates that are in truth equally good, on few patients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def gaps(dice: Array, *, choices: int, patients: int, draws: int, rng: np.random.Generator) -> Array:
    """Return by how much the validation Dice of the chosen candidate exceeds its Dice on as many other patients.

    Patients are drawn with replacement, for the validation and again for the test. What a candidate reaches on a
    patient is what a run drawn at random has measured there, so that no candidate is truly better than another, and
    one patient is as hard for all of them. The candidate with the highest mean over the validation is chosen. The mean
    of the gaps is what the choice overstates; the scatter is that of few patients too.

    Args:
        dice: Measured Dice, (runs, patients measured), without NaN.
        choices: Number of candidates; 1 chooses nothing.
        patients: Number of patients validated on, and of those tested on.
        draws: Number of simulated choices.
        rng: Source of randomness.

    Returns:
        A gap a draw, (draws,).
    """
    runs, measured = dice.shape

    def candidates(number: int) -> Array:
        """Return means over new patients, the same ones for all candidates of a draw, (draws, candidates)."""
        drawn = rng.integers(0, measured, (draws, 1, patients))
        values: Array = dice[rng.integers(0, runs, (draws, number, patients)), drawn]
        return values.mean(axis=2)

    difference: Array = candidates(choices).max(axis=1) - candidates(1)[:, 0]
    return difference
