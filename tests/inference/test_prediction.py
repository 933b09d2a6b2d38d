"""Prediction of one image in progress: a preview, an end before time, planes predicted again."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_ensembles import PLAIN, noise

SIZE_XYZ = (30, 30, 20)


def labels(result):
    return sitk.GetArrayFromImage(result.label_map)


class Later(SimulatedBackend):
    """Networks whose largest logit is that of class 1 in their first passes, and of class 2 later."""

    def logits(self, fold, batch):
        logits = super().logits(fold, batch).clone()
        if self.passes <= self.first:
            logits[:, 1] += 9
        return logits


@pytest.fixture
def slow(small_patch):
    """Return a prediction of 2205 passes of which 1000 s allow about a third, its backend and its clock."""
    clock = Clock()
    backend = Later(clock, lambda _now_s: 1.3)
    backend.first = 2 + 5 * 4 * 4  # to measure a pass, and a preview by tiles that don't overlap
    deadline = Deadline(1000, 0, clock)
    return start_prediction(Ensemble(small_patch, backend), noise(SIZE_XYZ), deadline, effort=PLAIN), backend, clock


def test_a_preview_comes_early_and_is_replaced(slow):
    prediction, _, clock = slow
    preview = array_of(prediction.preview())
    assert clock.now_s < 120
    assert np.unique(preview).tolist() == [1]
    result = prediction.predict()
    assert np.unique(labels(result)).tolist() == [2]
    assert 800 < clock.now_s < 1000
    assert not [note for note in result.notes if "first look" in note]
    assert result.seconds["first_look"] == pytest.approx(1.3 * 80)


def test_the_time_from_the_preview_on_is_taken_for_that_of_a_delivery(slow):
    prediction, _, clock = slow
    prediction.preview()
    clock.now_s += 30
    prediction.predict()
    assert prediction.schedule.delivery_s == pytest.approx(30)
    assert 800 < clock.now_s < 1000 - 30  # the final one takes as long


def test_without_being_asked_for_a_preview_is_made_and_no_delivery_measured(slow):
    prediction, _, _ = slow
    result = prediction.predict()
    assert result.seconds["first_look"] == pytest.approx(1.3 * 80)
    assert prediction.schedule.delivery_s is None


def test_a_short_case_needs_no_preview(small_patch):
    clock = Clock()
    ensemble = Ensemble(small_patch, SimulatedBackend(clock, lambda _now_s: 0.001))
    prediction = start_prediction(ensemble, noise(SIZE_XYZ), Deadline(1000, 0, clock), effort=PLAIN)
    assert prediction.preview() is None
    assert not prediction.is_complete
    assert prediction.predict().seconds["first_look"] == 0
    assert prediction.is_complete


def interrupted(prediction, backend, when):
    """Interrupt a prediction, as a signal does, before the first pass at which something is so."""

    def stop(running):
        if when(running):
            raise SystemExit(143)

    backend.fails = stop
    with pytest.raises(SystemExit):
        prediction.predict()


def test_a_prediction_that_is_interrupted_keeps_the_planes_that_are_done(slow):
    prediction, backend, clock = slow
    interrupted(prediction, backend, lambda _backend: clock.now_s > 500)
    assert prediction.is_complete
    result = prediction.result()
    # Planes come along the first axis; the first ones are by all folds, the others by the preview.
    found = labels(result).max(axis=(1, 2)).tolist()
    done = found.count(2)
    assert 0 < done < 20
    assert found == [2] * done + [1] * (20 - done)
    assert result.notes[-1].startswith(f"Of 20 planes {20 - done} are those of a first look")


def test_before_its_first_label_map_a_prediction_is_not_complete(slow):
    prediction, backend, _ = slow
    interrupted(prediction, backend, lambda running: running.passes > 40)
    assert not prediction.is_complete


@pytest.mark.parametrize("pass_s", [25.0, 400.0])
def test_when_the_machine_stops_working_well_the_preview_is_what_remains(slow, pass_s):
    prediction, backend, clock = slow
    backend.pass_s = lambda now_s: 1.3 if now_s < 300 else pass_s
    result = prediction.predict()
    assert clock.now_s < 1000 + pass_s  # nobody can stop a pass that has begun
    assert set(np.unique(labels(result))) == {1, 2}
    assert "planes" in result.notes[-1]


def test_planes_that_had_less_are_predicted_again_where_much_time_is_left(small_patch):
    clock = Clock()
    backend = Later(clock, lambda now_s: 1.2 if now_s < 200 else 0.3)
    backend.first = 500
    deadline = Deadline(1000, 0, clock)
    result = start_prediction(Ensemble(small_patch, backend), noise(SIZE_XYZ), deadline, effort=PLAIN).predict()
    again = int(result.notes[-1].split()[5])
    assert result.notes[-1] == f"Of 20 planes the first {again} were seen again with nothing given up."
    assert 0 < again < 20
    assert np.unique(labels(result)[:again]).tolist() == [2]
    assert result.seconds["seen_again"] > 0
    assert clock.now_s < 1000


def test_the_record_has_the_keys_of_the_provenance(slow):
    prediction, _, _ = slow
    record = prediction.predict().record
    what_computed = {"device", "backend", "precision", "arithmetic"}
    assert set(record) == what_computed | {"effort_spent", "effort_full", "predict_s", "plans"}
    assert set(record["effort_spent"]) == {"step", "tiles", "passes", "folds", "mirrors"}
    assert list(record["predict_s"]) == ["preprocessing", "first_look", "tiles", "label_map", "seen_again"]
    assert set(record["plans"][0]) == {"at_s", "why", "tiles", "step", "folds", "mirrors", "pass_s", "where"}
