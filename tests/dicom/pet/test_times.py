from datetime import datetime

import pytest
from pydicom import Dataset

from hnseg.dicom.pet.times import date_time_in, date_time_of, moment_of, time_of_day_before
from hnseg.errors import HeaderError

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR")


def elements(**values):
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize(
    ("time", "expected"),
    [("093015.25", (9, 30, 15, 250000)), ("0930", (9, 30, 0, 0)), ("09", (9, 0, 0, 0)), ("093015", (9, 30, 15, 0))],
)
def test_a_date_and_a_time_are_a_moment(time, expected):
    found = moment_of(elements(SeriesDate="20260102", SeriesTime=time), "Series")
    assert found == datetime(2026, 1, 2, *expected)


def test_where_one_of_them_is_missing_there_is_no_moment():
    assert moment_of(elements(SeriesDate="20260102"), "Series") is None
    assert date_time_of(elements(), "RadiopharmaceuticalStartDateTime") is None
    assert date_time_in("20260102", "a date") is None
    assert time_of_day_before(elements(), "RadiopharmaceuticalStartTime", datetime(2026, 1, 2)) is None


def test_a_moment_may_have_a_zone():
    found = date_time_of(
        elements(RadiopharmaceuticalStartDateTime="20260102093015.5+0100"), "RadiopharmaceuticalStartDateTime"
    )
    assert found == datetime(2026, 1, 2, 9, 30, 15, 500000)


@pytest.mark.parametrize(("time", "day"), [("2330", 1), ("0030", 2), ("0100", 2)])
def test_a_time_of_day_is_the_latest_before_a_moment(time, day):
    found = time_of_day_before(
        elements(RadiopharmaceuticalStartTime=time), "RadiopharmaceuticalStartTime", datetime(2026, 1, 2, 1)
    )
    assert found == datetime(2026, 1, day, int(time[:2]), int(time[2:]))


@pytest.mark.parametrize(("date", "time"), [("20261302", "09"), ("2026", "09"), ("20260102", "25"), ("20260102", "x")])
def test_what_is_no_time_is_refused_without_its_value(date, time):
    with pytest.raises(HeaderError, match=r"^its SeriesDate and SeriesTime can't be understood as a time$"):
        moment_of(elements(SeriesDate=date, SeriesTime=time), "Series")
