"""Private elements of PET scanners that SUV needs: Philips' factors, and the time of GE's scan.

A writer may have reserved another block than the first, so they are found by their private creator; a file in Implicit
VR gives their type as unknown.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from pydicom import Dataset

from hnseg.dicom.pet.times import date_time_in
from hnseg.errors import HeaderError

_PHILIPS, _GE = "Philips PET Private Group", "GEMS_PETD_01"


def philips_factor(elements: Dataset, element: int) -> float:
    """Return a factor of Philips' private block (7053,10xx).

    Args:
        elements: Elements of a file.
        element: Place in the block: 0x00 for the factor to SUVbw, 0x09 for that to Bq/ml.

    Returns:
        The factor; 0 where it is missing or empty.

    Raises:
        HeaderError: It is no positive number.
    """
    try:
        number = float(_text(elements, 0x7053, _PHILIPS, element) or 0)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise HeaderError(f"its (7053,10{element:02x}) is not a positive number")
    return number


def private_scan_time(elements: Dataset) -> datetime | None:
    """Return the start of a GE scan, (0009,100D); None where it is missing.

    Raises:
        HeaderError: It is no date and time.
    """
    return date_time_in(_text(elements, 0x0009, _GE, 0x0D), "(0009,100D)")


def _text(elements: Dataset, group: int, creator: str, element: int) -> str:
    """Return the text of a private element; empty where there is none."""
    try:
        value: Any = elements.private_block(group, creator)[element].value
    except KeyError:
        return ""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip(" \0")
