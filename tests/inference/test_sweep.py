"""Sweep of tiles through real networks: batches, progress, and the passes that there is time for."""

import numpy as np
import pytest

from hnseg.errors import DeadlineError
from hnseg.imaging.geometry import array_of
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import predict, start_prediction
from tests.support.small_ensembles import PLAIN, logits_of, noise, only
from tests.support.tolerances import assert_same_logits


@pytest.fixture
def batches(five):
    """Collect the number of copies of tiles in each batch."""
    sizes = []
    hooks = [
        network.register_forward_hook(lambda _network, given, _out: sizes.append(len(given[0])))
        for network in five.backend.networks
    ]
    yield sizes
    for hook in hooks:
        hook.remove()


@pytest.mark.numeric
def test_on_a_processor_no_copy_passes_alone_where_a_slab_has_two_tiles(five, channels, batches, monkeypatch):
    together = logits_of(five, channels)  # slabs of one row of four tiles
    assert set(batches) == {2}
    batches.clear()
    monkeypatch.setattr(TorchBackend, "copies_together", 1)
    assert_same_logits(logits_of(five, channels), together)
    assert set(batches) == {1}


def test_mirrored_copies_of_one_tile_are_pairs_already(five, channels, batches):
    def report(work):
        if not work.fold:
            batches.append(f"{work.tiles} tiles")

    start_prediction(five, channels, Deadline.never(), progress=report).predict()
    assert batches[:21] == [2] * 20 + ["1 tiles"]


def test_progress_is_reported_after_each_tile(five, channels):
    reported = []
    prediction = start_prediction(only(five, 0), channels, Deadline.never(), effort=PLAIN, progress=reported.append)
    tiles = prediction.predict().effort_spent.tiles
    after_tiles = [(work.tiles, work.of_tiles) for work in reported if not work.fold]
    assert after_tiles == [(done, tiles) for done in range(1, tiles + 1)]
    assert reported[-1].share == 1


def test_progress_is_reported_before_each_batch_in_even_steps_and_changes_no_bit(five, channels):
    reported = []
    silent = predict(five, channels)
    told = start_prediction(five, channels, Deadline.never(), progress=reported.append).predict()
    np.testing.assert_array_equal(array_of(told.label_map), array_of(silent.label_map))
    shares = [work.share for work in reported if work.fold]
    batches = told.effort_spent.tiles * 5 * 4  # eight copies, two at a time
    assert shares == pytest.approx([batch / batches for batch in range(batches)])
    assert [work.fold for work in reported if work.fold][:20] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4


def test_planes_that_have_no_next_tiling_do_not_come(five, channels):
    sweep = start_prediction(five, channels, Deadline.never(), effort=PLAIN).sweep
    assert list(sweep.planes(sweep.schedule.tiling, lambda _left: None)) == []


def test_a_pass_is_measured_once_and_only_where_time_is_limited(five, channels, clock):
    unlimited = start_prediction(five, channels, Deadline.never(), effort=PLAIN).sweep
    unlimited.measure_a_pass()
    assert (unlimited.schedule.pace.pass_s, clock.now_s) == (None, 0)
    limited = start_prediction(five, channels, Deadline(100, 0, clock), effort=PLAIN).sweep
    limited.measure_a_pass()
    assert (limited.schedule.pace.pass_s, clock.now_s) == (1, 4)  # two copies to warm up, two to measure
    limited.measure_a_pass()
    assert clock.now_s == 4


def test_time_for_everything_is_used_for_everything(five, channels, clock):
    predicted = predict(five, channels, Deadline(10_000, 0, clock))
    spent = predicted.effort_spent
    assert (spent.folds, spent.mirrors, spent.step) == (5, 8, 0.5)
    assert clock.now_s == spent.tiles * 40 + 4  # two copies to warm up, two to measure
    assert predicted.notes == ()


def test_mirrored_copies_are_given_up_first(five, channels, clock):
    predicted = predict(five, channels, Deadline(100, 0, clock))
    spent = predicted.effort_spent
    assert clock.now_s < 100
    assert spent.step == 0.5
    assert spent.folds == 5
    assert 1 <= spent.mirrors < 8
    assert len(predicted.notes) == 1
    assert "of 8 mirrored copies" in predicted.notes[0]


def test_then_the_overlap_of_tiles_then_folds(five, channels, clock):
    full = predict(five, channels, Deadline.never(), effort=PLAIN).effort_spent
    clock.now_s = 0
    predicted = predict(five, channels, Deadline(full.tiles * 2.5, 0, clock))
    spent = predicted.effort_spent
    assert 0.5 < spent.step <= 0.75
    assert spent.tiles < full.tiles
    assert 1 <= spent.folds < 5
    assert spent.mirrors < 2
    assert [word in note for word, note in zip(["mirrored", "apart", "folds"], predicted.notes, strict=True)] == [
        True
    ] * 3


def test_less_effort_still_covers_the_image(five, channels, clock):
    prediction = start_prediction(five, channels, Deadline(20, 0, clock))
    planes = [plane.mean for plane in prediction.planes()]
    assert len(planes) == prediction.schedule.size.planes == 8
    assert np.isfinite(planes).all()
    assert prediction.schedule.effort_spent.mirrors < 2


def test_time_is_kept_for_planes_that_take_longer_than_expected(five, clock):
    prediction = start_prediction(five, noise((32, 32, 40), (1.0, 1.0, 2.0)), Deadline(400, 0, clock))
    for _ in prediction.planes():
        clock.now_s += 4  # the time to label a plane on a machine that others use
        prediction.schedule.plane_labelled(4.0)
    assert 320 < clock.now_s < 400
    assert prediction.schedule.effort_spent.mirrors > 1


def test_time_that_is_over_ends_the_case(five, channels, clock):
    with pytest.raises(DeadlineError, match=r"must end within 6 s, but they were over after \d of \d+ tiles"):
        predict(five, channels, Deadline(6, 0, clock))
    with pytest.raises(DeadlineError, match="must end within 1 s, but they were over after loading and preparing"):
        predict(five, channels, Deadline(1, 0, clock))
