"""Coordinates of a posed and bent body, and tissues painted on a grid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body import painting
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.shapes import Ellipsoid
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue

GRID = Grid((12, 10, 8), (2.0, 2.5, 3.0), (-10.0, -11.0, -12.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
TURNED = Pose(Rotation.from_euler("xyz", (5, -8, 20), degrees=True).as_matrix(), (1.0, -2.0, 3.0), (1.1, 0.9, 1.0))
UPRIGHT = Pose(np.eye(3), (0.0, 0.0, 0.0))


def test_pose_there_and_back():
    points = np.random.default_rng(0).normal(0, 50, (20, 3))
    np.testing.assert_allclose(TURNED.to_world(TURNED.to_anatomy(points)), points)


def test_coordinates_are_those_of_the_voxel_centres():
    oblique = Grid(GRID.size_xyz, GRID.spacing_mm, GRID.origin_mm,
                   tuple(Rotation.from_euler("x", 7, degrees=True).as_matrix().ravel()))  # fmt: skip
    found = Coordinates.of(oblique, TURNED, ())
    # The corners in the order of `corners_mm`: x slowest, z fastest.
    corners = [[axis[k, j, i] for axis in (found.x, found.y, found.z)]
               for i in (0, -1) for j in (0, -1) for k in (0, -1)]  # fmt: skip
    np.testing.assert_allclose(corners, TURNED.to_anatomy(oblique.corners_mm()), atol=1e-4)


@pytest.mark.parametrize("pose", [UPRIGHT, TURNED])
def test_window_holds_every_voxel_of_the_box(pose):
    coordinates = Coordinates.of(GRID, pose, ())
    low, high = (-4.0, -3.0, -5.0), (3.0, 6.0, 4.0)
    within = np.ones(GRID.shape_zyx, dtype=bool)
    for axis, least, most in zip((coordinates.x, coordinates.y, coordinates.z), low, high, strict=True):
        within &= (axis >= least) & (axis <= most)
    part = coordinates.window(low, high)
    assert part is not None
    assert within[part].sum() == within.sum() > 0


def test_window_of_a_box_elsewhere_is_none():
    assert Coordinates.of(GRID, UPRIGHT, ()).window((100, 0, 0), (110, 5, 5)) is None


def test_later_structures_cover_earlier_ones_but_not_the_skin_or_the_outside():
    coordinates = Coordinates.of(GRID, UPRIGHT, ())
    body = Structure("Skin", Tissue.SKIN, (Ellipsoid((0, 0, 0), (9, 9, 9)),), at_surface=True)
    core = Structure("Fat", Tissue.FAT, (Ellipsoid((0, 0, 0), (6, 6, 6)),), at_surface=True)
    muscle = Structure("Muscle", Tissue.MUSCLE, (Ellipsoid((0, 0, 0), (100, 3, 100)),))
    tissues = paint([body, core, muscle], coordinates)
    radius = np.sqrt(coordinates.x**2 + coordinates.y**2 + coordinates.z**2)
    assert set(tissues[radius > 9.01]) == {Tissue.OUTSIDE}
    assert set(tissues[(radius > 6.01) & (radius < 8.99)]) == {Tissue.SKIN}
    assert set(tissues[(radius < 5.99) & (abs(coordinates.y) < 2)]) == {Tissue.MUSCLE}
    assert set(tissues[(radius < 5.99) & (abs(coordinates.y) > 3)]) == {Tissue.FAT}


def test_large_grids_are_bent_and_painted_in_pieces_to_the_same_voxels(monkeypatch):
    bend = SmoothField.draw(np.random.default_rng(0), reach_mm=40, length_mm=12, size=1.5)
    muscle = Structure("Muscle", Tissue.MUSCLE, (Ellipsoid((0, 0, 0), (7, 8, 9)),), at_surface=True)
    found = []
    for voxels in (10_000, 3 * 120):
        monkeypatch.setattr(painting, "_VOXELS_AT_A_TIME", voxels)
        coordinates = Coordinates.of(GRID, TURNED, (bend,))
        found.append((len(list(coordinates.pieces())), coordinates.x, paint([muscle], coordinates)))
    (whole, *one), (pieces, *other) = found
    assert (whole, pieces) == (1, 3)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    assert 0 < (one[1] > 0).mean() < 1
