"""Values over patients."""

import pytest

from hnseg.evaluation.recurrence.summary import captures_of, quartiles_of, report_of, values_of


@pytest.fixture
def of(comparison):
    return {method.name: method.report for method in comparison.methods}


def test_undefined_values_are_left_out_and_empty_ones_are_counted(of):
    values, counts = of["none"].structures["recurrence"], of["none"].overall
    assert (values["median_dsc"], values["mean_dsc"], values["median_precision"]) == (0, 0, None)
    assert (counts["empty_predictions"], counts["empty_references"], counts["both_empty"]) == (3, 1, 1)


def test_origins_and_patients_are_counted(of):
    counts = of["first"].overall
    assert (counts["patients"], counts["patients_with_origins"], counts["origins"]) == (3, 2, 4)
    assert (counts["origins_captured_by_centre"], counts["patients_captured_by_centre"]) == (2, 2)
    assert counts["patients_captured_wholly_by_core"] == 0
    assert of["all"].overall["patients_captured_wholly_by_core"] == 2


def test_medians_are_over_patients_and_the_score_is_the_mean_dsc(of):
    values = of["all"].structures["recurrence"]
    assert (values["median_dsc"], values["q1_dsc"], values["median_prediction_cc"]) == (1, 0.5, 13.5)
    assert of["all"].score == pytest.approx(2 / 3)  # 0 for the patient without a recurrence
    assert values["q1_reference_cc"] == 6.75


def test_without_a_patient_all_is_undefined():
    report = report_of([], {})
    assert report.score is None
    assert report.overall["origins"] == 0
    assert report.structures["recurrence"]["median_dsc"] is None


def test_arrays_have_a_value_a_patient(of):
    assert values_of(of["first"].cases, "prediction_cc").tolist() == [6.75] * 3
    assert captures_of(of["first"].cases, "core").tolist() == [1, 1, 0]
    assert quartiles_of(values_of(of["first"].cases, "dsc"))[0] == pytest.approx(2 / 3)
