"""Measures of one patient: overlap, volumes and captured origins, and what empty label maps count."""

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.recurrence.patient_score import Recurrences, hits_of, score_patient
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map


def score(prediction, reference, core="ultimate"):
    return score_patient(Pair("p", prediction, reference), Recurrences.of(reference, name="p", core=core))


def test_of_two_recurrences_one_is_captured():
    case = score(label_map(BOTH[0], np.s_[1:4, 1:4, 4:5]), label_map(*BOTH))
    assert case.structures["recurrence"] == {
        "dsc": pytest.approx(2 * 27 / (36 + 54)), "recall": 0.5, "precision": 0.75,
        "prediction_cc": pytest.approx(36 * 0.25), "reference_cc": pytest.approx(54 * 0.25),
        "origins": 2, "captured_by_centre": 1, "captured_by_core": 1,
    }  # fmt: skip
    assert case.structures["origin 1"] == {"reference_cc": 27 * 0.25, "captured_by_centre": 1, "captured_by_core": 1}
    assert hits_of(case, "centre") == hits_of(case, "core") == [True, False]


def test_a_core_may_be_captured_where_the_centre_is_not():
    long = np.s_[2:5, 4:7, 2:14]  # the core is a row of ten voxels, the centre one of the two in its middle
    case = score(label_map(np.s_[3:4, 5:6, 3:5]), label_map(long))
    assert (hits_of(case, "centre"), hits_of(case, "core")) == ([False], [True])


def test_the_rim_of_a_recurrence_is_no_origin():
    case = score(label_map(np.s_[1:2, 1:4, 1:4]), label_map(BOTH[0]))
    assert hits_of(case, "centre") == hits_of(case, "core") == [False]


def test_what_erosion_removes_is_captured_by_its_centre_but_never_as_code():
    flat = label_map(np.s_[2:3, 2:7, 2:7])
    assert hits_of(score(flat, flat), "core") == [True]
    assert hits_of(score(flat, flat, core="as-code"), "core") == [False]


def test_any_value_above_0_is_predicted():
    prediction = np.zeros(SHAPE, np.int16)
    prediction[BOTH[0]], prediction[0] = 1000, -1
    assert score(as_image(prediction), label_map(BOTH[0])).structures["recurrence"]["dsc"] == 1


@pytest.mark.parametrize(
    ("predicted", "present", "measures"),
    [
        ((), (), (None, None, None)),
        ((), BOTH, (0, 0, None)),
        (BOTH, (), (0, None, 0)),
    ],
    ids=["both empty", "empty prediction", "empty reference"],
)
def test_an_undefined_measure_is_none_and_dice_is_0_where_one_is_empty(predicted, present, measures):
    case = score(label_map(*predicted), label_map(*present)).structures["recurrence"]
    assert (case["dsc"], case["recall"], case["precision"]) == measures
    assert case["prediction_cc"] == 0.25 * 27 * len(predicted)


def test_fractions_and_other_grids_are_refused():
    with pytest.raises(InputError, match=r"prediction of case p must be a label map .* by --probabilities"):
        score(as_image(np.full(SHAPE, 0.5)), label_map())
    with pytest.raises(InputError, match="must lie on its reference's grid"):
        score(as_image(np.zeros(SHAPE, np.uint8), (1, 1, 1)), label_map())
