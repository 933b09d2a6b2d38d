"""Every case ends in time with a label map, and gives nothing up that there was time for: a matrix of machines."""

import dataclasses
import random
import time

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import DeadlineError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict, start_prediction
from tests.support.simulated_backend import Clock, SimulatedBackend

FOLDS = 5
STARTING = 0.02  # of the limit, gone before the networks run
FINISHING = 0.01  # of the limit: to write a label map
SIZES_XYZ = {"one tile": (8, 8, 4), "27 tiles": (16, 16, 8), "441 tiles": (30, 30, 20), "one slab": (30, 30, 4)}
# How long a pass takes on each machine: given how long it should, the part of the time that is gone, and chance.
MACHINES = {
    "steady": lambda pass_s, _gone, _rng: pass_s,
    "jittery": lambda pass_s, _gone, rng: pass_s * rng.lognormvariate(0, 0.6),
    "shared": lambda pass_s, gone, _rng: pass_s * (4 if int(40 * gone) % 4 == 0 else 1),
    "slower later": lambda pass_s, gone, _rng: pass_s * (1 if gone < 0.1 else 3),
    "slower first": lambda pass_s, gone, _rng: pass_s * (3 if gone < 0.1 else 1),
}
USED = 0.8  # of the time, at least, where more than a twentieth was given up
TOO_CAREFUL = 0.05  # less of it where all tiles are in one slab, which is planned only once
SLOWEST = {"steady": 1, "jittery": 2, "shared": 4, "slower later": 3, "slower first": 3}


@pytest.fixture(scope="module")
def bundle(make_model):
    return open_bundle(make_model(patch=(4, 8, 8), spacing_mm=(3.0, 2.0, 2.0)))


def noise(size_xyz):
    grid = Grid(size_xyz, (2.0, 2.0, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return Channels(np.random.default_rng(0).normal(size=(2, *grid.shape_zyx)).astype(np.float32), grid)


@dataclasses.dataclass
class Case:
    """Prediction on a simulated machine; its full effort takes `ratio` of the limit on a steady one.

    Up to so many passes are launched `ahead` of the clock, as on a GPU.
    """

    bundle: object = dataclasses.field(repr=False)
    size_xyz: tuple[int, int, int]
    machine: str
    mirroring: bool
    limit_s: float
    ratio: float
    ahead: int = 0

    def __post_init__(self):
        self.clock = Clock()
        rng = random.Random(0)
        backend = SimulatedBackend(
            self.clock,
            lambda now_s: MACHINES[self.machine](self.pass_s, now_s / self.limit_s, rng),
            folds=FOLDS,
            ahead=self.ahead,
        )
        self.clock.now_s = STARTING * self.limit_s
        deadline = Deadline(self.limit_s, 0.0, self.clock)
        ensemble = Ensemble(self.bundle, backend)
        effort = Effort(mirroring=self.mirroring)
        self.prediction = start_prediction(ensemble, noise(self.size_xyz), deadline, effort=effort)
        window = self.prediction.schedule.window
        self.passes = window.tiling(0.5).count * FOLDS * (8 if self.mirroring else 1)
        self.pass_s = self.ratio * self.limit_s / self.passes
        self.least_s = window.tiling(1.0).count * self.pass_s
        self.slowest_s = self.pass_s * SLOWEST[self.machine]

    def predict(self):
        if self.prediction.preview() is not None:
            self.write()
        predicted = self.prediction.predict()
        self.write()
        return predicted

    def write(self):
        self.clock.now_s += FINISHING * self.limit_s


@pytest.mark.parametrize("mirroring", [True, False], ids=["mirroring", "plain"])
@pytest.mark.parametrize("size_xyz", SIZES_XYZ.values(), ids=SIZES_XYZ)
@pytest.mark.parametrize("machine", MACHINES)
def test_every_case_ends_in_time_and_uses_the_time(bundle, machine, size_xyz, mirroring):
    tried = 0
    used = USED - TOO_CAREFUL * (size_xyz == SIZES_XYZ["one slab"])
    for limit_s in (10, 60, 1200):
        for ratio in (0.3, 0.7, 1.05, 2, 8, 40):
            case = Case(bundle, size_xyz, machine, mirroring, limit_s, ratio)
            # A machine that can't let one fold see every tile is too slow, and one of few passes has no choice.
            if case.least_s * SLOWEST[machine] > 0.6 * limit_s or case.slowest_s > 0.05 * limit_s:
                continue
            tried += 1
            predicted = case.predict()
            what = f"{limit_s} s, {ratio} of it: {predicted.effort_spent} {case.clock.now_s:.2f} s"
            assert case.clock.now_s <= limit_s, what
            assert np.unique(sitk.GetArrayViewFromImage(predicted.label_map)).tolist() == [2], what
            assert predicted.effort_spent.folds >= 1, what
            if predicted.effort_spent.passes < 0.95 * case.passes:
                # One pass more may not have fitted.
                assert case.clock.now_s + case.slowest_s >= used * limit_s, what
                assert predicted.notes, what
    assert tried or (size_xyz, mirroring) == (SIZES_XYZ["one tile"], False)


@pytest.mark.parametrize("ahead", [6, 30])
@pytest.mark.parametrize("size_xyz", [SIZES_XYZ["27 tiles"], SIZES_XYZ["one slab"]], ids=["27 tiles", "one slab"])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_case_on_a_gpu_that_runs_behind_the_clock_ends_in_time(bundle, machine, size_xyz, ahead):
    for ratio in (0.7, 1.05, 2):
        case = Case(bundle, size_xyz, machine, False, 60, ratio, ahead)
        predicted = case.predict()
        assert case.clock.now_s <= case.limit_s
        if predicted.effort_spent.passes < 0.95 * case.passes:
            assert case.clock.now_s + case.slowest_s >= (USED - TOO_CAREFUL) * case.limit_s


@pytest.mark.parametrize("ratio", [5, 10, 17])
def test_on_a_gpu_the_same_is_given_up_as_where_each_pass_ends_first(bundle, ratio):
    first, *others = [
        Case(bundle, SIZES_XYZ["441 tiles"], "steady", True, 600, ratio, ahead).predict().effort_spent
        for ahead in (0, 6, 30)
    ]
    for spent in others:
        assert spent.step == first.step
        assert spent.folds == pytest.approx(first.folds, abs=0.05)
        assert spent.mirrors == pytest.approx(first.mirrors, abs=0.05)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_that_is_too_slow_is_an_error_before_much_more_time_is_lost(bundle, machine):
    case = Case(bundle, (30, 30, 20), machine, mirroring=False, limit_s=60, ratio=60)
    with pytest.raises(DeadlineError, match=r"must end within 60 s, but they were over after"):
        case.predict()
    assert case.clock.now_s <= 60 + 2 * case.slowest_s  # of a pass that had begun


def test_mirrors_go_first_then_the_overlap_of_tiles_then_folds(bundle):
    ratios = (0.5, 2, 5, 10, 17, 30, 50)
    spent = [Case(bundle, (30, 30, 20), "steady", True, 1200, ratio).predict().effort_spent for ratio in ratios]
    full, mirrors, mirrors_again, step, step_again, folds, folds_again = spent
    assert (full.folds, full.mirrors, full.step) == (5, 8, 0.5)
    for one in (mirrors, mirrors_again):
        assert (one.folds, one.step) == (5, 0.5)
    assert 8 > mirrors.mirrors > mirrors_again.mirrors >= 1
    for one in (step, step_again):
        assert one.folds > 4.5
        assert one.mirrors < 1.3
    assert 0.5 < step.step <= step_again.step <= 0.75
    assert 5 > folds.folds > folds_again.folds >= 1
    assert folds.step >= 0.75


def test_a_machine_that_becomes_faster_is_given_more(bundle):
    case = Case(bundle, (30, 30, 20), "slower first", mirroring=False, limit_s=1200, ratio=0.9)
    predicted = case.predict()
    steps = [plan.step for plan in predicted.plans]
    assert len(steps) > 1
    assert steps[-1] < max(steps)


def test_each_change_of_plan_is_kept_and_logged(bundle, caplog):
    caplog.set_level("INFO")
    predicted = Case(bundle, (30, 30, 20), "slower later", mirroring=True, limit_s=600, ratio=0.7).predict()
    lines = [record.message for record in caplog.records if record.message.startswith("plan: ")]
    assert lines == [f"plan: {plan}" for plan in predicted.plans]
    first, *others = predicted.plans
    assert (first.folds, first.mirrors, first.step) == (5, 8, 0.5)
    assert others
    assert min(plan.mirrors for plan in others) < 8
    assert predicted.record["plans"][0]["why"] == "the image's size, and what passes take"
    assert predicted.record["plans"][0]["where"].startswith("networks on cpu, sums in float32 on cpu")


def test_it_ends_in_time_by_a_real_clock(bundle):
    limit_s, rng = 8.0, random.Random(1)

    class Asleep(SimulatedBackend):
        def logits(self, fold, batch):
            time.sleep(0.02 * rng.lognormvariate(0, 0.6))
            return super().logits(fold, batch)

    backend = Asleep(Clock(), lambda _now_s: 0.0, folds=FOLDS)
    deadline = Deadline(limit_s, time.monotonic())
    predicted = predict(Ensemble(bundle, backend), noise((30, 30, 12)), deadline)
    assert deadline.elapsed_s() <= limit_s
    assert predicted.notes
