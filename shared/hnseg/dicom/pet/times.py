"""Times of DICOM headers: dates and times of day as one moment each, without a time zone.

A scan is in one place, so zones would cancel out; a date alone can't be compared.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pydicom import Dataset

from hnseg.dicom.elements import text_of
from hnseg.errors import HeaderError

_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")
_ZONE = re.compile(r"[+-]\d{4}$")


def moment_of(elements: Dataset, name: str) -> datetime | None:
    """Return the moment that a pair of elements such as SeriesDate and SeriesTime gives.

    Args:
        elements: Elements of a file.
        name: What both keywords begin with, such as "Series".

    Returns:
        The moment; None where one of them is missing or empty.

    Raises:
        HeaderError: One of them is no date or no time of day. The sentence has no value.
    """
    date, time = text_of(elements, f"{name}Date"), text_of(elements, f"{name}Time")
    if not date or not time:
        return None
    return _moment(date, time, f"{name}Date and {name}Time")


def date_time_of(elements: Dataset, keyword: str) -> datetime | None:
    """Return the moment of one element of date and time; None where it is missing, empty or without a time of day.

    Raises:
        HeaderError: It is no such moment.
    """
    return date_time_in(text_of(elements, keyword), keyword)


def date_time_in(text: str, title: str) -> datetime | None:
    """Return the moment that a text of DICOM's type DT gives; None where it is empty or without a time of day.

    Args:
        text: Such as "20260102093000.5+0100".
        title: Name of the element, for the sentence.

    Raises:
        HeaderError: It is no such moment.
    """
    text = _ZONE.sub("", text)
    return _moment(text[:8], text[8:], title) if len(text) >= 10 else None


def time_of_day_before(elements: Dataset, keyword: str, moment: datetime) -> datetime | None:
    """Return the latest moment, not after another one, that has an element's time of day: perhaps of the day before.

    Args:
        elements: Elements of a file or an item.
        keyword: Element with a time of day.
        moment: The later moment.

    Returns:
        The moment; None where the element is missing or empty.

    Raises:
        HeaderError: It is no time of day.
    """
    text = text_of(elements, keyword)
    if not text:
        return None
    found = _moment(moment.strftime("%Y%m%d"), text, keyword)
    return found if found <= moment else found - timedelta(days=1)


def _moment(date: str, time: str, title: str) -> datetime:
    day, clock = _DATE.fullmatch(date), _TIME.fullmatch(time)
    if day is None or clock is None:
        raise HeaderError(f"its {title} can't be understood as a time")
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    try:
        whole = datetime(int(day[1]), int(day[2]), int(day[3]), hour, minute)
    except ValueError as error:
        raise HeaderError(f"its {title} can't be understood as a time") from error
    return whole + timedelta(seconds=second, microseconds=int((clock[4] or "0").ljust(6, "0")))  # second may be 60
