"""Clicks on a case with a session that is worked out by hand: it fills the box of the structure that is clicked."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.cohort.clicked_case import ClickedCase, UserOptions
from hnseg.evaluation.clicks.record import read_simulation
from hnseg.evaluation.clicks.simulated_user import Truth
from hnseg.imaging.geometry import Grid, array_of
from hnseg.refinement.change import Change


class FilledBoxes:
    """Session that fills the box of the structure that is clicked."""

    def __init__(self, grid, boxes):
        self.grid, self.boxes = grid, boxes
        self.reset()

    def reset(self):
        self.array = np.zeros(self.grid.shape_zyx, np.uint8)

    @property
    def label_map(self):
        image = sitk.GetImageFromArray(self.array)
        image.SetSpacing(self.grid.spacing_mm)
        image.SetOrigin(self.grid.origin_mm)
        return image

    def add(self, click):
        label, box = self.boxes[click.structure]
        self.array[box] = label
        return Change(click, {}, 1, 0, 0.25, True, 0.1, 0.5)


GRID = Grid((30, 20, 10), (1.0, 1.0, 2.0), (5.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
BOXES = {"GTVp": (1, np.s_[2:8, 2:10, 2:10]), "GTVn": (2, np.s_[3:7, 4:9, 22:27])}


@pytest.fixture
def clicked():
    reference = np.zeros(GRID.shape_zyx, np.uint8)
    for label, box in BOXES.values():
        reference[box] = label
    truth = Truth(reference, GRID, {"GTVp": 1, "GTVn": 2})
    return ClickedCase(FilledBoxes(GRID, BOXES), truth, 5.5, lambda label_map: label_map, 1.5)


def test_it_leaves_the_clicks_and_the_first_and_last_label_maps(clicked, tmp_path):
    last = clicked.click_errors(UserOptions(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clicks.json",
        "label_map_0.nii.gz",
        "label_map_1.nii.gz",
        "label_map_2.nii.gz",
    ]
    assert last == tmp_path / "label_map_2.nii.gz"
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(last))), clicked.truth.reference)
    found = read_simulation(tmp_path / "clicks.json")
    assert [point.name for point in found.points] == ["GTVp", "GTVn"]
    assert [step.structures["GTVn"]["dsc"] for step in found.steps] == [0, 0, 1]
    assert [step.seconds for step in found.steps] == [1.5, 0.5, 0.5]
    assert [step.held_back_ml for step in found.steps] == [0, 0.25, 0.25]


def test_each_lesion_begins_with_the_automatic_label_map_again(clicked, tmp_path):
    clicked.click_errors(UserOptions(clicks=1), tmp_path)
    clicked.click_lesions(UserOptions(), tmp_path)
    found = read_simulation(tmp_path / "each_lesion.json")
    assert [step.structures["GTVp"]["dsc"] for step in found.steps] == [0, 1, 1]
    assert found.user.protocol == "each-lesion"
    assert not list(tmp_path.glob("label_map_2*"))


def test_no_clicks_leave_the_automatic_label_map(clicked, tmp_path):
    assert clicked.click_errors(UserOptions(clicks=0), tmp_path) == tmp_path / "label_map_0.nii.gz"
    assert read_simulation(tmp_path / "clicks.json").points == ()
