"""Structures on both sides of the body are mirror images."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.phantom.body.shapes import Capsule, Ellipsoid
from hnseg.phantom.body.structure import mirror_image, paired, paired_tube
from hnseg.phantom.body.tissues import Tissue


@pytest.mark.parametrize("left", [Ellipsoid((9, 1, 2), (3, 4, 5)), Capsule((9, 0, 0), (12, 5, 5), 2, 3)])
def test_mirror_image_changes_sides_only(left):
    rng = np.random.default_rng(0)
    x, y, z = rng.uniform(-15, 15, (3, 500)).astype(np.float32)
    np.testing.assert_array_equal(left.contains(x, y, z), mirror_image(left).contains(-x, y, z))


def test_a_pair_is_named_by_its_sides():
    left, right = paired("Eye", Tissue.VITREOUS, Ellipsoid((33, -76, 77), (12, 12, 12)))
    assert (left.name, right.name) == ("Eye_L", "Eye_R")
    assert left.tissue == right.tissue == Tissue.VITREOUS
    assert right.shapes == (Ellipsoid((-33, -76, 77), (12, 12, 12)),)


def test_a_pair_of_tubes_has_a_capsule_between_two_points():
    left, right = paired_tube("Jugular", Tissue.VEIN, [(29, 14, 48), (32, 10, 15), (32, 6, -10)], [3, 4, 5], (1, 2, 1))
    assert left.shapes == (
        Capsule((29, 14, 48), (32, 10, 15), 3, 4, (1, 2, 1)),
        Capsule((32, 10, 15), (32, 6, -10), 4, 5, (1, 2, 1)),
    )
    assert [shape.start for shape in right.shapes] == [(-29, 14, 48), (-32, 10, 15)]
