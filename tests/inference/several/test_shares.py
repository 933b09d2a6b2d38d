"""Shares of the time: equal ones of what is left, the cheapest model first."""

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.several.shares import costs_of, order_of, share_of, without_finishing

GRID = Grid((40, 40, 20), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))


@pytest.fixture
def models(make_model):
    """Return 3d_fullres, a coarser one, and 2d with mirrored copies of four folds."""
    given = [{}, {"spacing_mm": (4.0, 3.0, 3.0)}, {"configuration": "2d", "folds": (0, 1, 2, 3)}]
    return [load_ensemble(open_bundle(make_model(**each)), device="cpu", backend="torch") for each in given]


def test_models_run_as_given_where_there_is_time_and_else_the_cheapest_first(models):
    effort = Effort(mirroring=False)
    costs = costs_of(models, GRID, effort)
    assert order_of(costs, Deadline.never()) == (0, 1, 2)
    order = order_of(costs, Deadline(600, 0.0, lambda: 0.0))
    assert order.index(1) < order.index(0)
    once = order_of(costs_of(models, GRID, Effort(mirroring=False, most_folds=1)), Deadline(600, 0.0, lambda: 0.0))
    assert once.index(2) < once.index(0)


def test_what_one_does_not_need_goes_to_the_others():
    now_s = [100.0]
    deadline = Deadline(700, 0.0, lambda: now_s[0])
    assert share_of(deadline, 3).remaining_s() == 200
    now_s[0] = 150.0  # the first took 50 s
    assert share_of(deadline, 2).remaining_s() == 275
    assert share_of(deadline, 1) is deadline
    never = Deadline.never()
    assert share_of(never, 3) is never


def test_time_for_the_mean_is_kept():
    assert without_finishing(Deadline(100, 0.0), 31, GRID).limit_s == pytest.approx(100 - 31 * 32_000 * 5e-9)
    assert not without_finishing(Deadline.never(), 31, GRID).is_limited
