from hnseg.dicom.survey.entry import Damage, Survey, SurveyedSeries, SurveyedStructures
from hnseg.dicom.survey.listing import (
    others_in_words,
    series_records,
    series_table,
    structure_set_records,
    structure_sets_table,
)


def test_rows_tell_what_each_is_and_why_it_can_not_be_taken(tmp_path):
    mr = SurveyedSeries(1, "1.2", "MR", "4", 30, 1, 1, 0, None, "", "A slice is missing.", ("2 copies",), 80.0, 3000.0)
    survey = Survey(
        tmp_path, (mr,), (SurveyedStructures(2, tmp_path / "rs", 3, (1,)),), (Damage("", 1, "it is short"),), 5
    )
    (row,) = series_table(series_records(survey)).rows
    assert row[0:4] == ("1", "MR", "4", "30")
    assert row[7:] == ("patient 1, study 1, frame none", "", "TE 80, TR 3000 ms; A slice is missing.; 2 copies")
    assert structure_sets_table(structure_set_records(survey)).rows == (("2", "3", "1", ""),)
    assert others_in_words(survey) == ["1 DICOM file can't be used: it is short.", "5 other files left alone."]
