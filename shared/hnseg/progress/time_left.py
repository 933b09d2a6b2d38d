"""Time that work will still take, from the share of it that is done."""

from __future__ import annotations

from dataclasses import dataclass, field

_EVIDENCE_S = 3.0
_EVIDENCE = 0.02  # of all work
_ROUNDED_S = 5
_MINUTES_FROM_S = 120


@dataclass
class TimeLeft:
    """Estimate of the time left at the mean speed so far, which does not jump as the speed of single passes does.

    It counts from the first share over 0, since the first pass is slower than others, and is None until 3 s and 2 % of
    the work have gone by from there.
    """

    _first: tuple[float, float] | None = field(default=None, init=False)

    def seconds(self, share: float, now_s: float) -> float | None:
        """Return the seconds left; None while there is no evidence.

        Args:
            share: Share of the work that is done, 0 to 1, never less than before.
            now_s: Time on any clock that goes on.
        """
        if share <= 0:
            return None
        if self._first is None:
            self._first = share, now_s
        first, since_s = self._first
        if share - first < _EVIDENCE or now_s - since_s < _EVIDENCE_S:
            return None
        return (now_s - since_s) * (1 - share) / (share - first)


def in_words(seconds: float) -> str:
    """Return a duration in words: to 5 s, and from two minutes on to a minute.

    >>> in_words(1.2), in_words(42.9), in_words(119), in_words(200)
    ('5 s', '45 s', '120 s', '3 min')
    """
    if seconds < _MINUTES_FROM_S:
        return f"{max(1, round(seconds / _ROUNDED_S)) * _ROUNDED_S} s"
    return f"{round(seconds / 60)} min"
