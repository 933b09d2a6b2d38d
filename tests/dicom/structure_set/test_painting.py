import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hnseg.dicom.series.series import Series
from hnseg.dicom.structure_set.painting import paint
from hnseg.dicom.structure_set.structures import Contour, Structure
from hnseg.errors import InputError, MemoryShortError
from tests.support.dicom_series import AXIAL, GRIDS

RS = Path("rs.dcm")


def series_on(grid):
    return Series("1.1", "1.2", "1.3", "CT", grid, ())


def square(grid, z, first, last, kind="CLOSED_PLANAR"):
    corners = [(first, first, z), (last, first, z), (last, last, z), (first, last, z)]
    return Contour(kind, grid.points_mm(np.array(corners, float)))


def structure(*contours, number=1, name="GTVp", frame="1.3"):
    return Structure(number, name, frame, contours)


@pytest.mark.parametrize("name", GRIDS)
def test_a_voxel_belongs_to_a_structure_where_its_centre_is_inside(name):
    grid = GRIDS[name]
    painted = paint({5: structure(square(grid, 3, 1.6, 4.4), square(grid, 8, 0, 2))}, series_on(grid), RS)
    expected = np.zeros(grid.shape_zyx, np.uint8)
    expected[3, 2:5, 2:5] = 5
    expected[8, :3, :3] = 5
    np.testing.assert_array_equal(painted.label_map, expected)
    assert painted.voxels == {5: 18}


def test_contours_that_are_said_to_be_exclusive_are():
    kind = "CLOSEDPLANAR_XOR"
    contours = (square(AXIAL, 3, 0.5, 5.5, kind), square(AXIAL, 3, 3.5, 8.5, kind))
    assert paint({1: structure(*contours)}, series_on(AXIAL), RS).voxels == {1: 42}


def test_points_and_open_contours_enclose_nothing():
    contours = (square(AXIAL, 3, 0.5, 2.5), square(AXIAL, 4, 0.5, 9.5, "OPEN_PLANAR"), square(AXIAL, 5, 1, 9, "POINT"))
    assert paint({1: structure(*contours)}, series_on(AXIAL), RS).voxels == {1: 4}


def test_crossing_contours_are_warned_of(caplog):
    with caplog.at_level(logging.WARNING):
        paint({1: structure(square(AXIAL, 3, 0.5, 5.5), square(AXIAL, 3, 3.5, 8.5))}, series_on(AXIAL), RS)
    assert caplog.messages == [
        "structure 1 (GTVp) of rs.dcm: 1 contours cross others of their plane and were taken together"
    ]


def test_structures_that_share_voxels_are_refused_or_the_higher_label_has_them():
    both = {1: structure(square(AXIAL, 3, 0.5, 5.5)), 2: structure(square(AXIAL, 3, 3.5, 8.5), number=7, name="PTV")}
    with pytest.raises(InputError, match=r"structure 7 \(PTV\) of rs.dcm shares some with GTVp \(4\)\. Ask for one"):
        paint(both, series_on(AXIAL), RS)
    assert paint(both, series_on(AXIAL), RS, later_wins=True).voxels == {1: 21, 2: 25}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (structure(), "must have contours that enclose something, but structure 1"),
        (structure(square(AXIAL, 3, 1, 2), frame="9.9"), "the frame of reference of structure 1 .* is another one"),
        (structure(square(AXIAL, 3.4, 1, 2)), "lies 1.2 mm off"),
        (structure(square(AXIAL, 9, 1, 2)), "lies beyond them, where slice 9 of 9 would be"),
        (structure(square(AXIAL, -1, 1, 2)), "lies beyond them, where slice -1 of 9 would be"),
        (
            structure(Contour("CLOSED_PLANAR", AXIAL.points_mm(np.array([[1.0, 1, 0], [1, 5, 4], [1, 9, 8]])))),
            "in another orientation",
        ),
        (
            structure(
                Contour(
                    "CLOSED_PLANAR",
                    AXIAL.points_mm(np.array([[n % 30, n % 2 * 35, 3] for n in range(2000)], float)),
                )
            ),
            "must be outlines of a structure, but of structure 1 .* a contour crosses [0-9]+ rows",
        ),
    ],
    ids=range(7),
)
def test_what_was_not_drawn_on_the_series_is_refused(given, sentence):
    with pytest.raises(InputError, match=sentence):
        paint({1: given}, series_on(AXIAL), RS)


def test_a_series_larger_than_memory_is_refused():
    huge = series_on(replace(AXIAL, size_xyz=(60_000, 60_000, 100_000)))
    with pytest.raises(MemoryShortError, match="The label map must fit into memory"):
        paint({1: structure(square(AXIAL, 3, 1, 2))}, huge, RS)
