from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.mr import Protocol, scan
from hnseg.phantom.painting import Coordinates, Pose
from hnseg.phantom.tissues import Tissue

GRID = Grid((40, 40, 12), (1.0, 1.0, 3.0), (-20.0, -20.0, -18.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
COORDINATES = Coordinates.of(GRID, Pose(np.eye(3), (0.0, 0.0, 0.0)), ())


def median_of(tissue: Tissue, *, fat_suppressed: bool = False, veins_shine: bool = False) -> float:
    """Signal of a tissue in the left half relative to liquor in the right half."""
    tissues = np.full(GRID.shape_zyx, tissue, dtype=np.uint8)
    tissues[:, :, 20:] = Tissue.CSF
    protocol = Protocol(fat_suppressed, (1.0,) * len(Tissue), veins_shine)
    image = scan(tissues, GRID, COORDINATES, protocol, np.random.default_rng(0))
    return float(np.median(image[:, :, :16]) / np.median(image[:, :, 24:]))


def test_fat_is_bright_and_dark_when_suppressed():
    assert median_of(Tissue.FAT) > 0.6
    assert median_of(Tissue.FAT, fat_suppressed=True) < 0.25


def test_veins_are_flow_voids_unless_the_flow_is_slow():
    assert median_of(Tissue.VEIN) < 0.2
    assert median_of(Tissue.VEIN, veins_shine=True) > 0.5


@pytest.mark.parametrize("fat_suppressed", [False, True])
def test_tumour_lies_between_muscle_and_liquor(fat_suppressed):
    muscle, tumour = (median_of(t, fat_suppressed=fat_suppressed) for t in (Tissue.MUSCLE, Tissue.TUMOUR))
    assert 1.5 * muscle < tumour < 0.8


def test_noise_in_air_is_rician_positive_with_the_rayleigh_ratio():
    air = np.zeros(GRID.shape_zyx, dtype=np.uint8)
    protocol = Protocol.draw(np.random.default_rng(1))
    image = scan(air, GRID, COORDINATES, protocol, np.random.default_rng(2)).astype(float)
    assert image.min() >= 0
    # Of a Rayleigh distribution: mean / standard deviation = sqrt(pi / (4 - pi)).
    assert image.mean() / image.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.05)
