"""Modality of an image, told by the suffix of its name in BIDS."""

from __future__ import annotations

from typing import Literal

Modality = Literal["ct", "pet", "mr", "unknown"]
"""Modality of an image; `unknown` where nothing tells it."""

_BY_SUFFIX: dict[str, Modality] = {"ct": "ct", "pet": "pet", "T1w": "mr", "T2w": "mr"}


def modality_of_suffix(suffix: str) -> Modality:
    """Return the modality of a suffix in BIDS, such as `ct`, `pet` or `T1w`; `unknown` of any other.

    >>> modality_of_suffix("T2w"), modality_of_suffix("ehr")
    ('mr', 'unknown')
    """
    return _BY_SUFFIX.get(suffix, "unknown")
