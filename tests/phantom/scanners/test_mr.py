"""MR of tissues: contrasts, noise, metal."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.painting import Coordinates, Pose
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.scanners.mr import Contrast, Protocol, scan

GRID = Grid((40, 40, 12), (1.0, 1.0, 3.0), (-20.0, -20.0, -18.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
COORDINATES = Coordinates.of(GRID, Pose(np.eye(3), (0.0, 0.0, 0.0)), ())


def median_of(tissue: Tissue, *, fat_suppressed: bool = False, veins_shine: bool = False) -> float:
    """Signal of a tissue in the left half relative to cerebrospinal fluid in the right half."""
    tissues = np.full(GRID.shape_zyx, tissue, dtype=np.uint8)
    tissues[:, :, 20:] = Tissue.CSF
    contrast = Contrast.T2_FAT_SUPPRESSED if fat_suppressed else Contrast.T2
    protocol = Protocol(contrast, (1.0,) * contrast.signal.size, veins_shine)
    image = scan(tissues, GRID, COORDINATES, protocol, np.random.default_rng(0))
    return float(np.median(image[:, :, :16]) / np.median(image[:, :, 24:]))


def test_fat_is_bright_and_dark_when_suppressed():
    assert median_of(Tissue.FAT) > 0.6
    assert median_of(Tissue.FAT, fat_suppressed=True) < 0.25


def test_veins_are_flow_voids_unless_the_flow_is_slow():
    assert median_of(Tissue.VEIN) < 0.2
    assert median_of(Tissue.VEIN, veins_shine=True) > 0.5


@pytest.mark.parametrize("fat_suppressed", [False, True])
def test_tumour_lies_between_muscle_and_cerebrospinal_fluid(fat_suppressed):
    muscle, tumour = (median_of(t, fat_suppressed=fat_suppressed) for t in (Tissue.MUSCLE, Tissue.TUMOUR))
    assert 1.5 * muscle < tumour < 0.8


def test_noise_in_air_is_rician_positive_with_the_rayleigh_ratio():
    air = np.zeros(GRID.shape_zyx, dtype=np.uint8)
    protocol = Protocol.draw(np.random.default_rng(1))
    image = scan(air, GRID, COORDINATES, protocol, np.random.default_rng(2)).astype(float)
    assert image.min() >= 0
    # Of a Rayleigh distribution: mean / standard deviation = sqrt(pi / (4 - pi)).
    assert image.mean() / image.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.05)


def t1_of(tissue: Tissue, contrast: Contrast = Contrast.T1) -> float:
    """T1-weighted signal of a tissue in the left half relative to fat in the right half."""
    tissues = np.full(GRID.shape_zyx, tissue, dtype=np.uint8)
    tissues[:, :, 20:] = Tissue.FAT
    protocol = Protocol(contrast, (1.0,) * contrast.signal.size, veins_shine=False)
    image = scan(tissues, GRID, COORDINATES, protocol, np.random.default_rng(0))
    return float(np.median(image[:, :, :16]) / np.median(image[:, :, 24:]))


@pytest.mark.parametrize("contrast", [Contrast.T1, Contrast.T1_GADOLINIUM])
def test_t1_orders_tissues_from_bone_to_fat(contrast):
    order = (Tissue.CORTICAL_BONE, Tissue.CSF, Tissue.MUSCLE, Tissue.BRAIN, Tissue.PAROTID)
    signals = [t1_of(tissue, contrast) for tissue in order]
    assert signals == sorted(signals)
    assert signals[-1] < 0.9


@pytest.mark.parametrize(
    ("organ", "around"),
    [
        (Tissue.CORD, Tissue.CSF),
        (Tissue.OPTIC_NERVE, Tissue.CSF),
        (Tissue.FAT, Tissue.OPTIC_NERVE),
        (Tissue.PITUITARY, Tissue.CSF),
        (Tissue.COCHLEA, Tissue.CORTICAL_BONE),
    ],
)
def test_t1_distinguishes_the_organs_that_ct_hardly_shows(organ, around):
    assert t1_of(organ) > 1.5 * t1_of(around)


@pytest.mark.parametrize("tissue", [Tissue.PITUITARY, Tissue.LACRIMAL, Tissue.MUCOSA, Tissue.VEIN])
def test_gadolinium_enhances(tissue):
    assert t1_of(tissue, Contrast.T1_GADOLINIUM) > 1.4 * t1_of(tissue)


def test_chance_gives_some_t1_scans_gadolinium():
    drawn = [Protocol.draw_t1(np.random.default_rng(seed)).contrast for seed in range(20)]
    assert set(drawn) == {Contrast.T1, Contrast.T1_GADOLINIUM}


def test_metal_leaves_a_void_with_a_bright_rim_and_nothing_far_away():
    tissues = np.full(GRID.shape_zyx, Tissue.MUSCLE, dtype=np.uint8)
    protocol = Protocol.draw_t1(np.random.default_rng(0))
    clean, void = (
        scan(tissues, GRID, COORDINATES, protocol, np.random.default_rng(1), metal).astype(float)
        for metal in ((), ((0.0, 0.0, 0.0),))
    )
    distance = np.sqrt(COORDINATES.x**2 + COORDINATES.y**2 + COORDINATES.z**2)
    assert void[distance < 3].mean() < 0.3 * clean[distance < 3].mean()
    rim = abs(distance - 11.5) < 1
    assert void[rim].mean() > 1.1 * clean[rim].mean()
    np.testing.assert_array_equal(void[distance > 22], clean[distance > 22])


def test_t2_scan_of_a_seed_is_unchanged():
    tissues = np.resize(np.arange(24, dtype=np.uint8), GRID.shape_zyx)
    rng = np.random.default_rng(3)
    image = scan(tissues, GRID, COORDINATES, Protocol.draw(rng), rng)
    # Another processor may round a voxel differently.
    assert image.astype(int).sum() == pytest.approx(4906132, rel=1e-5)
    # What comes next from the generator shows how many numbers were drawn.
    assert rng.random() == pytest.approx(0.14427970370344156)
