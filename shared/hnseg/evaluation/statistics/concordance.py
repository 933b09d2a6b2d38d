"""Harrell's concordance index: the fraction of comparable patient pairs in which the higher risk had the earlier event.

Two patients are comparable if it is known who had the event first: the one with the earlier time had it, or both have
the same time and only one of them had it, as the other was without it until then at least. Two events at the same time
are not comparable. A comparable pair with equal predictions counts half. scikit-survival and lifelines do the same.

Harrell et al., Evaluating the yield of medical tests, JAMA 1982.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Concordance:
    """Numbers of concordant, tied and comparable pairs of patients.

    Attributes:
        concordant: Number of comparable pairs in which the first event was predicted the higher risk.
        tied: Number of comparable pairs with equal risks.
        comparable: Number of all comparable pairs.
    """

    concordant: int
    tied: int
    comparable: int

    @property
    def index(self) -> float:
        """Concordance index from 0 to 1, 0.5 by chance; NaN where no pair is comparable."""
        return (self.concordant + self.tied / 2) / self.comparable if self.comparable else float("nan")


def concordance_of(*, times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike) -> Concordance:
    """Count the concordant pairs among n patients.

    Args:
        times: Times until the event or until the end of follow-up without it, (n,), in any one unit.
        events: True where the time ends with the event, (n,).
        risks: Predicted risks, higher is worse, (n,).

    Raises:
        ValueError: The three have different lengths, or a time or a risk is not finite.

    >>> concordance = concordance_of(times=[100, 200, 300], events=[True, False, True], risks=[0.9, 0.9, 0.1])
    >>> concordance  # the first patient against both others; of the second it is unknown
    Concordance(concordant=1, tied=1, comparable=2)
    >>> concordance.index
    0.75
    """
    time, event, risk = np.asarray(times, float), np.asarray(events, bool), np.asarray(risks, float)
    if not time.shape == event.shape == risk.shape or time.ndim != 1:
        raise ValueError(f"each patient must have one value of each, found {time.shape}, {event.shape}, {risk.shape}")
    if not (np.isfinite(time).all() and np.isfinite(risk).all()):
        raise ValueError("times and risks must be finite")
    # One patient with the event against all others at a time, so that memory grows with n and not with its square.
    concordant = tied = comparable = 0
    for i in np.flatnonzero(event):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        comparable += int(later.sum())
        concordant += int((risk[later] < risk[i]).sum())
        tied += int((risk[later] == risk[i]).sum())
    return Concordance(concordant, tied, comparable)
