"""Lesions with FDG uptake: masks, numbers, uptake, distances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.lesions import MOST_NODES, Burden, Lesion, draw_node_count, draw_reactive_nodes
from hnseg.phantom.body.painting import Coordinates, Pose
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.tumours import Tumour

GRID = Grid((50, 50, 50), (1.0, 1.0, 1.0), (-24.5, -24.5, -24.5), (1, 0, 0, 0, 1, 0, 0, 0, 1))
COORDINATES = Coordinates.of(GRID, Pose(np.eye(3), (0.0, 0.0, 0.0)), ())


@pytest.fixture
def lesion() -> Lesion:
    return Lesion(Tumour.draw(np.random.default_rng(6), (3.0, -2.0, 1.0), 24.0, necrosis=0.5), 9.0)


def muscle() -> np.ndarray:
    return np.full(GRID.shape_zyx, Tissue.MUSCLE, dtype=np.uint8)


def test_label_map_and_activity_show_one_and_the_same_mass(lesion):
    labels, activity = np.zeros(GRID.shape_zyx, dtype=np.uint8), np.ones(GRID.shape_zyx, dtype=np.float32)
    mask = lesion.paint(muscle(), COORDINATES, labels, 2)
    lesion.paint_activity(muscle(), COORDINATES, activity, np.ones(GRID.shape_zyx, dtype=np.float32))
    assert set(np.unique(labels)) == {0, 2}
    assert mask.sum() == (labels == 2).sum()
    np.testing.assert_array_equal(labels == 2, activity != 1)
    assert set(np.unique(activity[labels == 2]).round(3)) == {np.float32(0.7), np.float32(9.0)}


def test_necrotic_core_is_the_dark_one(lesion):
    tissues, activity = muscle(), np.ones(GRID.shape_zyx, dtype=np.float32)
    lesion.paint_activity(tissues, COORDINATES, activity, np.ones(GRID.shape_zyx, dtype=np.float32))
    assert (activity[tissues == Tissue.NECROSIS] < 1).all()
    assert (activity[tissues == Tissue.TUMOUR] == 9).all()


def test_lesion_out_of_view_leaves_everything_as_it_was(lesion):
    far = replace(lesion, mass=replace(lesion.mass, centre=(500.0, 0.0, 0.0)))
    labels, activity = np.zeros(GRID.shape_zyx, dtype=np.uint8), np.ones(GRID.shape_zyx, dtype=np.float32)
    assert not far.paint(muscle(), COORDINATES, labels, 2).any()
    far.paint_activity(muscle(), COORDINATES, activity, activity)
    assert not labels.any()
    assert (activity == 1).all()


def test_node_counts_have_a_heavy_tail():
    rng = np.random.default_rng(0)
    counts = np.array([draw_node_count(rng) for _ in range(4000)])
    assert (counts == 0).mean() == pytest.approx(0.15, abs=0.02)
    assert ((counts >= 1) & (counts <= 3)).mean() == pytest.approx(0.6, abs=0.03)
    assert counts.max() == MOST_NODES == 13


def test_burden_has_the_given_primary_and_number_of_nodes():
    rng = np.random.default_rng(3)
    for count in (0, 1, 5):
        burden = Burden.draw(rng, primary=count != 1, node_count=count)
        assert len(burden.nodes) == count
        assert bool(burden.primaries) == (count != 1)
        assert len(burden.all) == len(burden.primaries) + count


def test_nearly_all_of_thirteen_nodes_fit_in_a_neck():
    found = [
        len(Burden.draw(np.random.default_rng(seed), primary=True, node_count=MOST_NODES).nodes) for seed in range(20)
    ]
    assert max(found) == MOST_NODES
    assert np.mean(found) > 10


def test_nodes_do_not_touch():
    burden = Burden.draw(np.random.default_rng(2), primary=True, node_count=8)
    for number, one in enumerate(burden.nodes):
        for other in burden.nodes[:number]:
            apart = np.linalg.norm(np.subtract(one.mass.centre, other.mass.centre))
            assert apart > np.mean(other.mass.radii) + np.cbrt(np.prod(one.mass.radii))


def test_uptake_is_high_or_faint():
    rng = np.random.default_rng(0)
    burdens = [Burden.draw(rng, primary=True, node_count=4) for _ in range(150)]
    suv = np.array([node.suv for burden in burdens for node in burden.nodes])
    faint = suv < 3
    assert faint.mean() == pytest.approx(0.17, abs=0.05)
    assert suv[faint].min() >= 2
    assert suv[~faint].min() >= 4
    assert suv.max() <= 20
    assert min(burden.primaries[0].suv for burden in burdens) >= 5


def test_reactive_nodes_keep_away_from_disease():
    rng = np.random.default_rng(0)
    for _ in range(30):
        burden = Burden.draw(rng, primary=True, node_count=5)
        for benign in draw_reactive_nodes(rng, burden):
            assert 6 <= 2 * benign.radii[0] <= 12
            for lesion in burden.all:
                apart = np.linalg.norm(np.subtract(benign.centre, lesion.mass.centre))
                assert apart > max(lesion.mass.radii) + benign.radii[0]


def test_some_primaries_come_in_two_pieces():
    rng = np.random.default_rng(0)
    pieces = [len(Burden.draw(rng, primary=True, node_count=0).primaries) for _ in range(400)]
    assert set(pieces) == {1, 2}
    assert np.mean(pieces) == pytest.approx(1 + 1 / 16, abs=0.04)


def test_lesion_is_one_piece(lesion):
    mask = lesion.paint(muscle(), COORDINATES, np.zeros(GRID.shape_zyx, dtype=np.uint8), 1)
    assert ndimage.label(mask)[1] == 1
