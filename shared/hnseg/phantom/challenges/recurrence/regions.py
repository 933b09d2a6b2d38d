"""Regions in which recurrences begin, with the published share of each, and the regions of a patient's recurrences.

Shares: Kutnár et al., 2023, of 46 patients. Independent draws would leave them by a standard deviation of one
percentage point among 2,000 patients. Regions are drawn in permuted blocks instead, as treatments are in trials (Zelen,
Journal of Chronic Diseases 27, 1974): every 100 recurrences drawn of a set have the shares exactly, in a random order
of their own, and every 50 patients the numbers of recurrences. A patient still depends on the seed and its own number
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

import numpy as np

Region = Literal["PET-GTV", "GTV", "CTV1", "CTV2", "CTV3", "outside"]
"""Innermost volume that a recurrence begins in; the PET-GTV is the part of the GTV from 41 % of its highest SUV."""

PER_HUNDRED: dict[Region, int] = {"PET-GTV": 55, "GTV": 12, "CTV1": 17, "CTV2": 0, "CTV3": 6, "outside": 10}
"""Recurrences of a hundred that begin in each region."""

PATIENTS_BY_COUNT: dict[int, int] = {1: 37, 2: 11, 3: 2}
"""Patients of fifty with one, two and three recurrences: 65, by the published 60 in 46 patients."""

_PATIENTS = sum(PATIENTS_BY_COUNT.values())
_RECURRENCES = sum(count * patients for count, patients in PATIENTS_BY_COUNT.items())
_OF_COUNTS, _OF_REGIONS = 3, 4  # streams of randomness beside the patients' own
_T = TypeVar("_T", int, Region)


def draw_regions(seed: int, index: int, count: int | None = None) -> tuple[Region, ...]:
    """Return the regions in which a patient's recurrences begin.

    Args:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        count: Number of recurrences; None to draw it, one to three.

    >>> [draw_regions(0, index) for index in range(3)]
    [('CTV3', 'PET-GTV', 'PET-GTV'), ('PET-GTV',), ('CTV3',)]
    """
    block, place = divmod(index, _PATIENTS)
    counts = _permuted([seed, _OF_COUNTS, block], PATIENTS_BY_COUNT)
    first = block * _RECURRENCES + sum(counts[:place])
    drawn = counts[place] if count is None else count
    return tuple(_region(seed, number) for number in range(first, first + drawn))


def _region(seed: int, number: int) -> Region:
    """Return the region of a recurrence by its number within the set."""
    block, place = divmod(number, sum(PER_HUNDRED.values()))
    return _permuted([seed, _OF_REGIONS, block], PER_HUNDRED)[place]


def _permuted(seeds: list[int], numbers: Mapping[_T, int]) -> list[_T]:
    """Return each key as often as its number says, in a random order."""
    keys = [key for key, number in numbers.items() for _ in range(number)]
    return [keys[place] for place in np.random.default_rng(seeds).permutation(len(keys)).tolist()]
