"""One image on its way: a first look, an end before time, memory that is not enough, tiles left out."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.ensemble import Ensemble, load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline, Effort
from hnseg.inference.planning.memory import Room
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.tolerances import assert_same_labels, ties

PLAIN = Effort(mirroring=False)


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(patch=(4, 8, 8), spacing_mm=(3.0, 2.0, 2.0)))


def noise(size_xyz=(30, 30, 20)):
    grid = Grid(size_xyz, (2.0, 2.0, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return Channels(np.random.default_rng(0).normal(size=(2, *grid.shape_zyx)).astype(np.float32), grid)


def labels(predicted):
    return sitk.GetArrayFromImage(predicted.label_map)


def logits(ensemble, channels):
    """Return logits (k, z, y, x) on the image's grid, all of a voxel less by the same."""
    probabilities = np.empty((3, *channels.grid.shape_zyx), np.float32)
    ensemble.start(channels, Deadline.never(), effort=PLAIN, probabilities=probabilities).predict()
    return np.log(probabilities)


class Later(SimulatedBackend):
    """Says 1 everywhere in its first passes, and 2 later."""

    def logits(self, fold, batch):
        logits = super().logits(fold, batch).clone()
        if self.passes <= self.first:
            logits[:, 1] += 9
        return logits


@pytest.fixture
def slow(bundle):
    """A run of 2205 passes of which 1000 s allow about a third, and its clock."""
    clock = Clock()
    backend = Later(clock, lambda _now_s: 1.3)
    backend.first = 2 + 5 * 4 * 4  # to try it out, and a first look at tiles that don't overlap
    run = Ensemble(bundle, backend).start(noise(), Deadline(1000, 0, clock), effort=PLAIN)
    return run, clock


def test_a_first_label_map_comes_early_and_is_replaced(slow):
    run, clock = slow
    shown = []
    predicted = run.predict(show=lambda label_map: shown.append((clock.now_s, array_of(label_map))))
    ((at_s, first),) = shown
    assert at_s < 120
    assert np.unique(first).tolist() == [1]
    assert np.unique(labels(predicted)).tolist() == [2]
    assert 800 < clock.now_s < 1000
    assert not [note for note in predicted.notes if "first look" in note]
    assert predicted.seconds["first_look"] == pytest.approx(1.3 * 80)


def test_a_short_case_needs_no_first_look(bundle):
    clock = Clock()
    run = Ensemble(bundle, SimulatedBackend(clock, lambda _now_s: 0.001)).start(noise(), Deadline(1000, 0, clock))
    run.predict(show=lambda _: pytest.fail("there was one"))


def stopped(run, when):
    """Let a signal stop a run before the first pass at which something is so."""

    def stop(backend):
        if when(backend):
            raise SystemExit(143)

    run.ensemble.backend.fails = stop
    with pytest.raises(SystemExit):
        run.predict()


def test_a_run_that_is_stopped_keeps_the_planes_that_are_done(slow):
    run, clock = slow
    stopped(run, lambda _backend: clock.now_s > 500)
    assert run.is_complete
    so_far = run.so_far()
    # Planes come along the first axis; the first ones are by all folds, the others by the first look.
    found = labels(so_far).max(axis=(1, 2)).tolist()
    done = found.count(2)
    assert 0 < done < 20
    assert found == [2] * done + [1] * (20 - done)
    assert so_far.notes[-1].startswith(f"Of 20 planes {20 - done} are those of a first look")


def test_before_its_first_label_map_a_run_is_not_complete(slow):
    run, _ = slow
    stopped(run, lambda backend: backend.passes > 40)
    assert not run.is_complete


@pytest.mark.parametrize("pass_s", [25.0, 400.0])
def test_when_the_machine_stops_working_well_the_first_look_is_what_remains(slow, pass_s):
    run, clock = slow
    run.ensemble.backend.pass_s = lambda now_s: 1.3 if now_s < 300 else pass_s
    predicted = run.predict()
    assert clock.now_s < 1000 + pass_s  # nobody can stop a pass that has begun
    assert set(np.unique(labels(predicted))) == {1, 2}
    assert "planes" in predicted.notes[-1]


def test_planes_that_had_less_are_seen_again_where_much_time_is_left(bundle):
    clock = Clock()
    backend = Later(clock, lambda now_s: 1.2 if now_s < 200 else 0.3)
    backend.first = 500
    run = Ensemble(bundle, backend).start(noise(), Deadline(1000, 0, clock), effort=PLAIN)
    predicted = run.predict()
    again = int(predicted.notes[-1].split()[5])
    assert predicted.notes[-1] == f"Of 20 planes the first {again} were seen again with nothing given up."
    assert 0 < again < 20
    assert np.unique(labels(predicted)[:again]).tolist() == [2]
    assert predicted.seconds["seen_again"] > 0
    assert clock.now_s < 1000


class NotEnough:
    """Raises, before some passes, what torch raises when a GPU's memory ends."""

    def __init__(self, *passes):
        self.left = list(passes)

    def __call__(self, backend):
        if self.left and backend.passes >= self.left[0]:
            self.left.pop(0)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_with_too_little_memory_copies_go_one_by_one_then_the_networks_move(bundle, caplog):
    caplog.set_level("INFO")
    clock, channels = Clock(), noise((16, 16, 8))
    expected = Ensemble(bundle, SimulatedBackend(clock, lambda _: 0.0)).predict(channels, Deadline.never())
    last = SimulatedBackend(clock, lambda _: 0.0, name="last")
    lighter = SimulatedBackend(clock, lambda _: 0.0, name="lighter", fails=NotEnough(30), lighter_ones=[last])
    backend = SimulatedBackend(
        clock, lambda _: 0.0, copies_together=2, copies_a_turn=4, fails=NotEnough(40, 90), lighter_ones=[lighter]
    )
    ensemble = Ensemble(bundle, backend)
    predicted = ensemble.predict(channels, Deadline.never())
    assert ensemble.backend is last
    assert np.array_equal(labels(predicted), labels(expected))
    assert predicted.effort_spent == expected.effort_spent
    told = [record.message for record in caplog.records if "memory was not enough" in record.message]
    assert len(told) == 3
    assert "1 copies at a time" in told[0]


def test_memory_that_is_not_enough_after_everything_is_an_error(bundle):
    backend = SimulatedBackend(Clock(), lambda _: 0.0, fails=NotEnough(*range(100)))
    with pytest.raises(torch.OutOfMemoryError):
        Ensemble(bundle, backend).predict(noise((16, 16, 8)), Deadline.never())


def test_another_error_is_not_taken_for_a_lack_of_memory(bundle):
    def fail(_backend):
        raise RuntimeError("expected 5 channels")

    backend = SimulatedBackend(Clock(), lambda _: 0.0, fails=fail, lighter_ones=[])
    with pytest.raises(RuntimeError, match="expected 5 channels"):
        Ensemble(bundle, backend).predict(noise((16, 16, 8)), Deadline.never())


def test_room_is_given_up_in_order():
    room = Room(torch.device("cuda"), torch.device("cuda"), torch.float16, together=2, turn=4)
    off = room.less()
    assert (off.sums_on.type, off.sums_in, off.together, off.turn) == ("cpu", torch.float32, 2, 4)
    single = off.less()
    assert (single.together, single.turn) == (1, 1)
    assert single.less() is None


@pytest.fixture(scope="module")
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(patch=(8, 16, 16))), device="cpu", backend="torch")


@pytest.mark.numeric
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_may_roll_along_either_axis(ensemble, monkeypatch, axis):
    channels = noise((29, 41, 23))
    plenty = Room.plenty
    found = []
    for rolls_along in (0, axis):
        monkeypatch.setattr(Room, "plenty", lambda *given, along=rolls_along: _along(plenty(*given), along))
        found.append(labels(ensemble.predict(channels, Deadline.never(), effort=PLAIN)))
    assert_same_labels(found[1], found[0], ties(logits(ensemble, channels)))  # sums have another order
    assert len(np.unique(found[0])) == 3


def _along(room, axis):
    return dataclasses.replace(room, rolls_along=axis)


def test_sums_roll_along_the_axis_that_keeps_them_small(ensemble):
    grid = Grid((40, 200, 12), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    run = ensemble.start(Channels(np.ones((2, 12, 200, 40), np.float32), grid), Deadline.never(), effort=PLAIN)
    assert run.accumulation.room.rolls_along == 1  # 16 of 200 rows, not 8 of 12 slices
    assert run.accumulation.window.shape == (200, 12, 40)


@pytest.mark.numeric
def test_tiles_of_air_can_be_left_out(ensemble):
    channels = noise((64, 16, 8))
    channels.array[0] = 1 + np.abs(channels.array[0])
    channels.array[0, :, :, 32:] = 0
    everything = ensemble.predict(channels, Deadline.never(), effort=PLAIN)
    without = ensemble.predict(channels, Deadline.never(), effort=dataclasses.replace(PLAIN, skip="air"))
    assert without.effort_spent.tiles < everything.effort_spent.tiles
    left_out = everything.effort_spent.tiles - without.effort_spent.tiles
    assert without.notes == (f"The networks did not see {left_out} tiles, as skip=air asks.",)
    reached = np.s_[:, :, :16]  # tiles may be paired with others, and pass by other kernels
    assert_same_labels(labels(without)[reached], labels(everything)[reached], ties(logits(ensemble, channels))[reached])
    assert not labels(without)[:, :, -8:].any()
    assert labels(everything)[:, :, -8:].any()


@pytest.mark.numeric
def test_tiles_far_from_where_targets_can_be_can_be_left_out(ensemble):
    channels = noise((64, 40, 8))
    near = dataclasses.replace(channels, targets=((slice(0, 3), slice(4, 8), slice(50, 60)),))
    effort = dataclasses.replace(PLAIN, skip="far")
    everything = ensemble.predict(channels, Deadline.never(), effort=PLAIN)
    without = ensemble.predict(near, Deadline.never(), effort=effort)
    assert 0 < without.effort_spent.tiles < everything.effort_spent.tiles
    assert not labels(without)[:, :, :16].any()
    reached = np.s_[:, 4:8, 54:60]
    assert_same_labels(labels(without)[reached], labels(everything)[reached], ties(logits(ensemble, channels))[reached])


def test_where_targets_can_be_is_not_known_nothing_is_far(ensemble):
    effort = dataclasses.replace(PLAIN, skip="far")
    spent = ensemble.predict(noise((64, 40, 8)), Deadline.never(), effort=effort).effort_spent
    assert spent == ensemble.predict(noise((64, 40, 8)), Deadline.never(), effort=PLAIN).effort_spent
