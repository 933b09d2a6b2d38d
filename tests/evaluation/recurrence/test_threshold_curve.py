"""Curves over thresholds, beside label maps made at each threshold."""

import numpy as np
import pytest

from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.recurrence.patient_score import Recurrences, score_patient
from hnseg.evaluation.recurrence.threshold_curve import curve_of, patient_curve
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map

THRESHOLDS = (0.0, 0.25, 0.38, 0.5, 1.0)


def test_every_point_is_the_score_of_the_map_at_its_threshold():
    reference = label_map(*BOTH)
    recurrences = Recurrences.of(reference, name="p", core="ultimate")
    rng = np.random.default_rng(0)
    values = rng.choice(np.array([0, 0.25, 0.38, 0.7, 1], np.float32), SHAPE)
    curve = patient_curve(values, recurrences, THRESHOLDS)
    for place, threshold in enumerate(THRESHOLDS):
        prediction = as_image((values >= np.float32(threshold)).astype(np.uint8))
        expected = score_patient(Pair("p", prediction, reference), recurrences).structures["recurrence"]
        assert curve.volume_cc[place] == pytest.approx(expected["prediction_cc"])
        assert curve.dsc[place] == pytest.approx(expected["dsc"])
        assert curve.captured_by_centre[place] == expected["captured_by_centre"]
        assert curve.captured_by_core[place] == expected["captured_by_core"]


def test_a_value_stored_as_the_threshold_reaches_it():
    recurrences = Recurrences.of(label_map(BOTH[0]), name="p", core="ultimate")
    curve = patient_curve(np.full(SHAPE, 0.38, np.float32), recurrences, [0.38, 0.39])
    assert curve.captured_by_centre.tolist() == [1, 0]
    assert np.isnan(curve.dsc).sum() == 0


def test_volumes_have_medians_and_captures_are_summed_over_patients():
    recurrences = Recurrences.of(label_map(*BOTH), name="p", core="ultimate")
    none = Recurrences.of(label_map(), name="q", core="ultimate")
    high, low = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    high[BOTH[0]], high[BOTH[1]], low[BOTH[0]] = 0.75, 0.25, 0.25
    patients = [patient_curve(*pair, [0.25, 0.75]) for pair in ((high, recurrences), (low, recurrences), (low, none))]
    curve = curve_of(patients, [0.25, 0.75])
    assert (curve.origins, curve.patients) == (4, 3)
    assert [point.captured_by_centre for point in curve.points] == [3, 1]
    assert [point.median_cc for point in curve.points] == [6.75, 0]
    # 1, 2/3 and 0; then 2/3, 0, and undefined where nothing is and nothing is predicted
    assert [point.mean_dsc for point in curve.points] == pytest.approx([5 / 9, 1 / 3])


def test_a_core_that_the_published_program_loses_is_never_captured():
    flat = Recurrences.of(label_map(np.s_[2:3, 2:7, 2:7]), name="p", core="as-code")
    curve = patient_curve(np.ones(SHAPE, np.float32), flat, [0.0, 1.0])
    assert curve.captured_by_core.tolist() == [0, 0]
    assert curve.captured_by_centre.tolist() == [1, 1]
