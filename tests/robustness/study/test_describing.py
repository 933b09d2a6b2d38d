"""Descriptors of a case's references: a box whose values are counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid, image_of
from hnseg.robustness.study.describing import describe_structures

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
GRID = Grid((20, 15, 12), (2.0, 2.0, 3.0), (5.0, -7.0, 9.0), UPRIGHT)
LABELS = {1: "GTVp", 2: "GTVn"}


@pytest.fixture
def described():
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    labels[4:8, 5:10, 6:12] = 1  # 12 x 10 x 12 mm
    ct = np.where(labels == 1, 60.0, -20.0).astype(np.float32)
    return describe_structures(image_of(labels, GRID), {"CT": image_of(ct, GRID)}, LABELS)


def test_volumes_are_in_mm3_and_in_voxels_of_1_mm3(described):
    values = described["GTVp"]
    assert values["volume_mm3"] == pytest.approx(1440)
    assert values["volume_as_published"] == pytest.approx(1440, rel=0.01)  # by nearest neighbour
    assert values["regions"] == values["regions_as_published"] == 1


def test_intensities_are_those_inside_less_those_around(described):
    values = described["GTVp"]
    assert (values["CT_mean"], values["CT_contrast"]) == (60.0, 80.0)


def test_a_structure_that_is_not_there_has_no_value(described):
    assert described["GTVn"].keys() == described["GTVp"].keys()
    assert all(math.isnan(value) for name, value in described["GTVn"].items())
