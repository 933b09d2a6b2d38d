"""PET of tissues in SUV: blur, noise, uptake, lesions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.lesions import Lesion
from hnseg.phantom.body.painting import Coordinates, Pose
from hnseg.phantom.body.shapes import Ellipsoid
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.tumours import Tumour
from hnseg.phantom.scanners.pet import Metabolism, Scanner, activity_of, fine_grid_of, scan_pet, with_uptake_tissues

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
GRID = Grid((25, 25, 30), (4.0, 4.0, 3.27), (-48.0, -48.0, -47.4), STRAIGHT)
QUIET = Scanner(fwhm_mm=6.0, noise=0.0, step_suv=2.0**-12)


def fine_coordinates(grid: Grid) -> Coordinates:
    return Coordinates.of(fine_grid_of(grid), Pose(np.eye(3), (0.0, 0.0, 0.0)), ())


def ball(diameter_mm: float, suv: float) -> np.ndarray:
    at = fine_coordinates(GRID)
    inside = at.x**2 + at.y**2 + at.z**2 < (diameter_mm / 2) ** 2
    return np.where(inside, suv, 0).astype(np.float32)


def scanned(activity: np.ndarray, scanner: Scanner = QUIET, seed: int = 0) -> np.ndarray:
    return scan_pet(activity, GRID, scanner, np.random.default_rng(seed))


def test_fine_voxels_are_equal_parts_of_the_scanners():
    fine = fine_grid_of(GRID)
    assert fine.size_xyz == (50, 50, 30)
    assert fine.spacing_mm == pytest.approx((2.0, 2.0, 3.27))
    # The first voxel is cut in four: its first part's centre lies half a part before its own.
    assert fine.origin_mm == pytest.approx((-49.0, -49.0, -47.4))


def test_uniform_activity_is_measured_as_it_is():
    everywhere = np.full(fine_grid_of(GRID).shape_zyx, 3.5, dtype=np.float32)
    np.testing.assert_allclose(scanned(everywhere), 3.5, atol=1e-3)


def test_blur_keeps_the_total():
    activity = ball(20, 8)
    assert scanned(activity).sum() * GRID.voxel_volume_mm3 == pytest.approx(
        activity.sum() * fine_grid_of(GRID).voxel_volume_mm3, rel=0.01
    )


def test_small_things_are_dimmed():
    small, middle, large = (scanned(ball(diameter, 10)).max() for diameter in (8, 14, 36))
    assert small < 0.62 * 10
    assert small < middle < large
    assert large == pytest.approx(10, rel=0.03)


def test_width_of_a_point_is_that_of_the_point_spread():
    fine = Grid((61, 61, 61), (1.0, 1.0, 1.0), (-30.0, -30.0, -30.0), STRAIGHT)
    point = np.zeros(fine.shape_zyx, dtype=np.float32)
    point[30, 30, 30] = 10_000
    line = scan_pet(point, fine, QUIET, np.random.default_rng(0))[30, 30].astype(float)
    at = np.interp(line.max() / 2, line[30:40][::-1], np.arange(10)[::-1])
    assert 2 * at == pytest.approx(6.0, abs=0.2)


def test_noise_grows_with_the_square_root_of_the_activity():
    scanner = replace(QUIET, noise=0.15)
    for suv in (1.0, 4.0, 9.0):
        everywhere = np.full(fine_grid_of(GRID).shape_zyx, suv, dtype=np.float32)
        assert scanned(everywhere, scanner).std() == pytest.approx(0.15 * np.sqrt(suv), rel=0.1)


def test_noise_is_correlated_over_some_millimetres():
    everywhere = np.full(fine_grid_of(GRID).shape_zyx, 4.0, dtype=np.float32)
    noise = scanned(everywhere, replace(QUIET, noise=0.15)) - 4.0
    near = np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]
    far = np.corrcoef(noise[:, :, 6:].ravel(), noise[:, :, :-6].ravel())[0, 1]
    assert near > 0.2
    assert abs(far) < 0.1


def test_nothing_is_negative_and_values_are_steps_apart():
    scanner = Scanner(fwhm_mm=6.0, noise=0.5, step_suv=2.0**-8)
    values = scanned(ball(20, 2), scanner)
    assert values.dtype == np.float32
    assert values.min() == 0
    assert (values * 256 == np.rint(values * 256)).all()


def test_metabolism_stays_within_its_ranges():
    for seed in range(40):
        suv = Metabolism.draw(np.random.default_rng(seed)).suv
        assert 9 <= suv[Tissue.BRAIN] <= 14
        assert 2 <= suv[Tissue.LYMPHOID] <= 5
        assert 1.9 <= suv[Tissue.LIVER] <= 2.6
        assert 10 <= suv[Tissue.URINE] <= 60
        assert 0.5 <= suv[Tissue.MUSCLE] <= 0.9
        assert suv[Tissue.FAT] < suv[Tissue.MUSCLE] < suv[Tissue.VEIN] == suv[Tissue.ARTERY] == suv[Tissue.BLOOD]
        assert suv[Tissue.REACTIVE_NODE] <= 2.5
        assert suv[Tissue.AIRWAY] == suv[Tissue.OUTSIDE] == 0


def test_some_patients_spoke():
    folds = [Metabolism.draw(np.random.default_rng(seed)).suv[Tissue.VOCAL_MUSCLE] for seed in range(200)]
    assert np.mean(np.array(folds) > 2) == pytest.approx(0.35, abs=0.1)


def test_every_tissue_has_an_uptake():
    assert len(Metabolism.draw(np.random.default_rng(0)).suv) == len(Tissue)


def test_structures_that_differ_in_uptake_alone_get_a_tissue_of_their_own():
    somewhere = (Ellipsoid((0, 0, 0), (1, 1, 1)),)
    names = {"MedialRectus_L": Tissue.MUSCLE, "VocalFolds": Tissue.MUSCLE, "Tonsil_R": Tissue.LYMPHOID}
    body = with_uptake_tissues([Structure(name, tissue, somewhere) for name, tissue in names.items()])
    assert [part.tissue for part in body] == [Tissue.EYE_MUSCLE, Tissue.VOCAL_MUSCLE, Tissue.LYMPHOID]
    brain = with_uptake_tissues([Structure("Brain", Tissue.BRAIN, somewhere)])
    assert Tissue.WHITE_MATTER in {part.tissue for part in brain}


def test_activity_is_uptake_with_texture_and_lesions_stand_out():
    fine, at = fine_grid_of(GRID), fine_coordinates(GRID)
    tissues = np.full(fine.shape_zyx, Tissue.MUSCLE, dtype=np.uint8)
    tissues[:, :10] = Tissue.AIRWAY
    lesion = Lesion(Tumour.draw(np.random.default_rng(6), (0.0, 0.0, 0.0), 24.0), 9.0)
    metabolism = Metabolism.draw(np.random.default_rng(0))
    activity = activity_of(tissues, fine, at, [lesion], metabolism, np.random.default_rng(1))
    mass, muscle = tissues == Tissue.TUMOUR, tissues == Tissue.MUSCLE
    assert not activity[:, :10].any()
    assert activity[muscle].mean() == pytest.approx(metabolism.suv[Tissue.MUSCLE], rel=0.12)
    assert 0.05 < activity[muscle].std() / activity[muscle].mean() < 0.3
    assert activity[mass].mean() == pytest.approx(9.0, rel=0.2)
    assert ndimage.label(activity > 4)[1] == 1
