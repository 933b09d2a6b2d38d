"""Harrell's concordance index: how often who was predicted to be worse off was so sooner.

Two patients are comparable if it is known who had the event first: the one with the earlier time had it, or both have
the same time and one of them alone had it, as the other was without it until then at least. Two events at the same time
are not comparable. A comparable pair whose predictions are equal counts half. So do scikit-survival and lifelines.

Harrell et al., Evaluating the yield of medical tests, JAMA 1982.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Concordance:
    """Pairs of patients.

    Attributes:
        concordant: Whoever had the event first was at the higher risk.
        tied: Both were at the same risk.
        comparable: All of which it is known who had the event first.
    """

    concordant: int
    tied: int
    comparable: int

    @property
    def index(self) -> float:
        """From 0 to 1, and 0.5 by chance; NaN where no pair is comparable."""
        return (self.concordant + self.tied / 2) / self.comparable if self.comparable else float("nan")


def concordance_of(*, times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike) -> Concordance:
    """Compare all pairs of n patients.

    Args:
        times: Until the event, or until the patient was last seen without it, (n,).
        events: Whether it is the former, (n,).
        risks: Predicted; more is worse, (n,).

    Raises:
        ValueError: The three have different lengths, or a time or a risk is not finite.
    """
    time, event, risk = np.asarray(times, float), np.asarray(events, bool), np.asarray(risks, float)
    if not time.shape == event.shape == risk.shape or time.ndim != 1:
        raise ValueError(f"each patient must have one value of each, found {time.shape}, {event.shape}, {risk.shape}")
    if not (np.isfinite(time).all() and np.isfinite(risk).all()):
        raise ValueError("times and risks must be finite")
    # Row i, column j: patient i had the event, and before j. Row by row, a cohort needs no more than a row of memory.
    concordant = tied = comparable = 0
    for i in np.flatnonzero(event):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        comparable += int(later.sum())
        concordant += int((risk[later] < risk[i]).sum())
        tied += int((risk[later] == risk[i]).sum())
    return Concordance(concordant, tied, comparable)
