"""Tumours: volume, necrosis, barriers, and response to treatment."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.painting import Coordinates, Pose
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.tumours import Disease, Tumour

GRID = Grid((50, 50, 50), (1.0, 1.0, 1.0), (-24.5, -24.5, -24.5), (1, 0, 0, 0, 1, 0, 0, 0, 1))
COORDINATES = Coordinates.of(GRID, Pose(np.eye(3), (0.0, 0.0, 0.0)), ())


def mask_of(tumour: Tumour, tissue: Tissue = Tissue.MUSCLE) -> np.ndarray:
    return tumour.paint(np.full(GRID.shape_zyx, tissue, dtype=np.uint8), COORDINATES)


@pytest.fixture
def tumour() -> Tumour:
    return Tumour.draw(np.random.default_rng(6), (0.0, 0.0, 0.0), 24.0, necrosis=0.5)


def test_volume_is_about_that_of_its_diameter_and_it_is_no_ellipsoid(tumour):
    mask = mask_of(tumour)
    assert mask.sum() == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.35)
    z, y, x = (np.arange(50) - 24.5 for _ in range(3))
    radius2 = sum((axis / r) ** 2 for axis, r in zip((x, y[:, None], z[:, None, None]), tumour.radii, strict=True))
    smooth = radius2 < 1
    assert 2 * (mask & smooth).sum() / (mask.sum() + smooth.sum()) < 0.95
    assert ndimage.label(mask)[1] == 1


def test_necrosis_lies_within_the_mass(tumour):
    tissues = np.full(GRID.shape_zyx, Tissue.FAT, dtype=np.uint8)
    mask = tumour.paint(tissues, COORDINATES)
    core = tissues == Tissue.NECROSIS
    assert 0 < core.sum() < 0.4 * mask.sum()
    assert mask[core].all()


def test_bone_air_and_other_masses_are_barriers(tumour):
    for tissue in (Tissue.CORTICAL_BONE, Tissue.AIRWAY, Tissue.OUTSIDE, Tissue.TUMOUR):
        assert not mask_of(tumour, tissue).any()


def test_treatment_shrinks_and_moves_it(tumour):
    later = tumour.after_three_weeks(np.random.default_rng(2), volume_left=0.4, shift_mm=4.0)
    before, after = mask_of(tumour), mask_of(later)
    assert after.sum() / before.sum() == pytest.approx(0.4, rel=0.3)
    assert np.linalg.norm(later.centre) == pytest.approx(4.0)
    ratios = np.array(later.radii) / np.array(tumour.radii)
    assert ratios.max() > 1.05 * ratios.min()


def test_tumour_out_of_view_is_an_empty_mask():
    far = Tumour.draw(np.random.default_rng(1), (500.0, 0.0, 0.0), 20.0)
    assert not mask_of(far).any()


def test_disease_without_primary_or_nodes():
    disease = Disease.draw(np.random.default_rng(0), primary=False, node_count=3)
    assert disease.primary is None
    assert len(disease.nodes) == 3
    later = disease.after_three_weeks(np.random.default_rng(0), primary_vanishes=False, node_vanishes=1.0)
    assert later == Disease(None, ())


def test_vanishing_primary_is_gone_and_nodes_stay():
    disease = Disease.draw(np.random.default_rng(0), primary=True, node_count=2)
    later = disease.after_three_weeks(np.random.default_rng(0), primary_vanishes=True, node_vanishes=0.0)
    assert later.primary is None
    assert len(later.nodes) == 2
