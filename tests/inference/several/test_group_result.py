"""What several models did, together."""

from types import SimpleNamespace

import SimpleITK as sitk

from hnseg.inference.planning.effort import EffortSpent
from hnseg.inference.prediction import PredictionResult
from hnseg.inference.several.group_result import ModelSeen, group_result

LABELS = sitk.Image([2, 2, 2], sitk.sitkUInt8)
GROUP = SimpleNamespace(notes=("The mean of 3.",))


def result(tiles, folds, mirrors, *, step=0.5, backend="torch", notes=()):
    return PredictionResult(
        label_map=LABELS,
        effort_spent=EffortSpent(step, tiles, round(tiles * folds * mirrors), folds, mirrors),
        effort_full={"step": 0.5, "folds": 5, "mirrors": 8},
        notes=notes,
        seconds={"tiles": 1.25},
        plans=(),
        computed_by={"backend": backend, "device": "cpu"},
    )


def test_tiles_are_summed_and_folds_and_copies_are_means_over_them():
    seen = [
        ModelSeen("2d", result(30, 5, 8)),
        ModelSeen("3d", result(10, 1, 4, step=1.0, backend="openvino", notes=("Less.",))),
        ModelSeen("big", None, 7),
        ModelSeen("late", None),
    ]
    found = group_result(GROUP, seen, LABELS, None)
    assert found.effort_spent == EffortSpent(1.0, 40, 1240, 4.0, 1240 / 160)
    assert found.effort_full == {"step": 0.5, "folds": 5.0, "mirrors": 8.0}
    assert found.seconds == {"tiles": 2.5}
    assert found.computed_by == {"backend": "torch, openvino", "device": "cpu"}
    assert found.notes[:2] == ("The mean of 3.", "3d: Less.")
    assert "Of the model big only the first 7 planes went into the mean" in found.notes[2]
    assert "Of the model late nothing went into the mean" in found.notes[3]
    assert [model["name"] for model in found.record["models"]] == ["2d", "3d", "big", "late"]
    assert found.record["models"][2] == {"name": "big", "planes": 7}
    assert found.record["models"][1]["effort_spent"]["passes"] == 40


def test_where_nothing_was_given_up_spent_and_full_are_the_same():
    found = group_result(GROUP, [ModelSeen("a", result(30, 5, 8)), ModelSeen("b", result(7, 5, 8))], LABELS, None)
    assert (found.effort_spent.folds, found.effort_spent.mirrors) == (5, 8)
    assert found.effort_full == {"step": 0.5, "folds": 5, "mirrors": 8}
