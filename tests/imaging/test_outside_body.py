import numpy as np
import pytest

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.outside_body import OutsideBody, kept_inside_body, outside_body
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between

LABELS = {1: "A", 2: "B", 3: "C"}
GRID = Grid((60, 60, 20), (2.0, 2.0, 3.0), (5.0, -7.0, 11.0), LPS)
DIRECTIONS = pytest.mark.parametrize(
    "direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"]
)


def block_ct(grid=GRID):
    """Return a CT of a block of tissue, y and x from voxel 10 to 50, that goes on beyond both ends of z."""
    hu = np.full(grid.shape_zyx, -1000, np.int16)
    hu[:, 10:50, 10:50] = 40
    return hu


def shares(labels, hu, grid=GRID):
    return outside_body(image_of(labels.astype(np.uint8), grid), image_of(hu, grid), LABELS).shares


def test_shares_are_those_of_each_structures_own_voxels():
    labels = np.zeros(GRID.shape_zyx)
    labels[:, 20:40, 20:40] = 1
    labels[5:10, 20:30, 40:60] = 2  # half of it beyond the skin
    assert shares(labels, block_ct()) == {"A": 0.0, "B": 0.5}


@pytest.mark.parametrize("direction", [LPS, FLIPPED, SWAPPED, TILTED], ids=["straight", "flipped", "swapped", "tilted"])
def test_the_direction_of_the_grid_is_no_matter(direction):
    grid = Grid((60, 60, 60), (2.0, 2.5, 3.0), (5.0, -7.0, 11.0), direction)
    labels = np.zeros(grid.shape_zyx)
    labels[20:40, 20:30, 30:60] = 2  # a third of it beyond the skin
    assert shares(labels, block_ct(grid), grid)["B"] == pytest.approx(1 / 3)


def test_a_structure_at_the_end_of_the_image_and_at_the_skin_is_inside():
    labels = np.zeros(GRID.shape_zyx)
    labels[[0, -1], 10:50, 10:50] = 1
    labels[10, 10, 10:50] = 2
    assert shares(labels, block_ct()) == {"A": 0.0, "B": 0.0}


def test_an_airway_is_inside_and_so_is_one_with_a_thin_wall_and_an_open_mouth():
    hu = block_ct()
    hu[:, 25:35, 25:35] = -1000
    hu[:6, 12:20, 25:35] = -1000  # 4 mm behind the skin
    hu[12:16, 10:22, 28:34] = -1000  # open to the front
    labels = np.zeros(GRID.shape_zyx)
    labels[:, 25:35, 25:35] = 1
    labels[:6, 12:20, 25:35] = 2
    labels[12:16, 10:22, 28:34] = 3
    found = shares(labels, hu)
    assert (found["A"], found["B"]) == (0.0, 0.0)
    assert found["C"] < 0.25  # the part before the teeth


def test_a_couch_is_outside_although_it_is_no_air():
    hu = block_ct()
    hu[:, 54:56, 5:58] = 100
    labels = np.zeros(GRID.shape_zyx)
    labels[:, 54:56, 5:58] = 1
    assert shares(labels, hu) == {"A": 1.0}


def test_without_a_body_all_is_outside_and_nothing_is_removed():
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    labels[3, 3, 3] = 1
    air = image_of(np.full(GRID.shape_zyx, -1000, np.int16), GRID)
    label_map = image_of(labels, GRID)
    found = outside_body(label_map, air, LABELS)
    assert (found.has_body, dict(found.shares)) == (False, {"A": 1.0})
    assert found.notes(removed=True) == ("No body was found on the CT, so that none of the label map can lie in it.",)
    assert kept_inside_body(label_map, air) is label_map


def test_an_empty_label_map_has_no_shares():
    found = outside_body(image_of(np.zeros(GRID.shape_zyx, np.uint8), GRID), image_of(block_ct(), GRID), LABELS)
    assert (dict(found.shares), found.notes(removed=False), found.record) == ({}, (), {"outside_body": {}})


@DIRECTIONS
def test_what_is_kept_has_nothing_outside_and_all_that_was_inside(direction):
    grid = grid_between((-120, -120, -300), (120, 120, 20), (3, 4, 5), direction)
    ct = Figure().ct(grid)
    label_map = image_of(np.random.default_rng(0).integers(0, 4, grid.shape_zyx).astype(np.uint8), grid)
    kept = kept_inside_body(label_map, ct)
    assert Grid.of(kept) == grid
    before, after = outside_body(label_map, ct, LABELS), outside_body(kept, ct, LABELS)
    assert min(before.shares.values()) > 0.3
    assert set(after.shares.values()) == {0.0}
    tissue = array_of(ct) > -300
    assert (array_of(kept) == array_of(label_map))[tissue].mean() > 0.99  # but for what is thin
    assert set(np.unique(array_of(kept)[array_of(kept) != array_of(label_map)])) == {0}


def test_the_note_names_the_structures_with_more_than_a_hundredth_outside_the_worst_first():
    found = OutsideBody(has_body=True, shares={"A": 0.0101, "B": 0.01, "C": 0.5})
    assert found.notes(removed=False) == (
        "Outside the body on the CT lie 50% of C, 1% of A. Is the scan of another kind than the model's?",
    )
    assert found.notes(removed=True)[0].endswith("; these voxels are set to background.")
    assert found.record == {"outside_body": {"A": 0.0101, "B": 0.01, "C": 0.5}}
