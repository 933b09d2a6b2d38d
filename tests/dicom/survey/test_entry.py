import pytest

from hnseg.dicom.survey.entry import SurveyedSeries


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"left_out": "a localiser"}, "a localiser"),
        ({"problem": "a slice is missing"}, "a slice is missing"),
        ({"no_suv": "it has no Units"}, "no SUV: it has no Units"),
        ({}, ""),
    ],
)
def test_why_a_series_can_not_be_an_input(values, reason):
    assert SurveyedSeries(1, "1.2", "PT", "1", 9, 1, 1, 1, None, **values).why_not == reason
