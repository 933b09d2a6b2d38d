"""Simulation of a user against a refinement that is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.evaluation.clicks.simulated_user import Truth, UserRules
from hnseg.evaluation.clicks.simulation import Answer, by_errors, by_lesions, simulate
from hnseg.imaging.geometry import Grid

GRID = Grid((40, 20, 10), (1.0, 1.0, 2.0), (5.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {"GTVp": 1, "GTVn": 2}
BOXES = {1: np.s_[2:8, 2:10, 2:10], 2: np.s_[3:7, 4:9, 25:30]}
ML = 2 / 1000


def reference():
    array = np.zeros(GRID.shape_zyx, np.uint8)
    for label, box in BOXES.items():
        array[box] = label
    return array


class Refinement:
    """Refinement that fills the whole box of a clicked structure, or with `answers` set to False does nothing."""

    def __init__(self, *, answers=True):
        self.label_map, self.answers, self.clicks = np.zeros(GRID.shape_zyx, np.uint8), answers, []

    def add(self, click):
        self.clicks.append(click)
        self.label_map = self.label_map.copy()
        if self.answers:
            self.label_map[BOXES[LABELS[click.structure]]] = LABELS[click.structure]
        return Answer(self.label_map, held_back_ml=0.5, seconds=0.25)


TRUTH = Truth(reference(), GRID, LABELS)


def seen_by(refinement, choose, most_clicks=10):
    return list(simulate(TRUTH, Answer(refinement.label_map), refinement.add, choose, most_clicks))


def test_a_user_clicks_until_all_is_right():
    first, primary, node = seen_by(Refinement(), by_errors(TRUTH, UserRules()))
    assert first.click is None
    assert (primary.click.in_words, node.click.in_words) == ("GTVp", "GTVn")
    assert [seen.step.structures["GTVp"]["dsc"] for seen in (first, primary, node)] == [0, 1, 1]
    assert [seen.step.structures["GTVn"]["false_negative_ml"] for seen in (first, primary, node)] == [
        pytest.approx(100 * ML),
        pytest.approx(100 * ML),
        0,
    ]
    assert [seen.step.wrong_ml for seen in (first, primary, node)] == pytest.approx([484 * ML, 100 * ML, 0])
    assert [seen.step.changed_voxels for seen in (first, primary, node)] == [0, 384, 100]
    assert (node.step.held_back_ml, node.step.seconds) == (0.5, 0.25)
    assert not any(seen.step.does_harm for seen in (first, primary, node))


def test_a_click_is_in_the_patient_inside_the_lesion():
    refinement = Refinement()
    seen_by(refinement, by_errors(TRUTH, UserRules()), most_clicks=1)
    index = np.rint(GRID.index_xyz(np.array([refinement.clicks[0].point_mm]))[0]).astype(int)
    assert TRUTH.reference[tuple(index[::-1])] == 1


def test_a_refinement_that_ignores_all_clicks_is_clicked_once_an_error():
    _, *clicked = seen_by(Refinement(answers=False), by_errors(TRUTH, UserRules()))
    assert [seen.click.structure for seen in clicked] == ["GTVp", "GTVn"]


def test_more_wrong_voxels_than_before_are_harm():
    spoilt = np.full(GRID.shape_zyx, 2, np.uint8)
    seen = list(simulate(TRUTH, Answer(TRUTH.reference * 0), lambda _: Answer(spoilt), by_lesions(TRUTH), 2))
    assert [each.step.does_harm for each in seen] == [False, True, False]  # the second click changes nothing more


def test_each_lesion_is_clicked_once_also_where_it_is_found_already():
    refinement = Refinement()
    refinement.label_map = reference()
    assert [seen.click.structure for seen in seen_by(refinement, by_lesions(TRUTH))[1:]] == ["GTVp", "GTVn"]
