import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.suv import doubt_of_suv, padding_of, uptake_in_body, without_artefacts
from tests.support.figure import LPS, Figure, grid_between

HEAD_NECK = grid_between((-120, -120, -300), (120, 120, 20), (6, 6, 6))
WHOLE_BODY = grid_between((-260, -180, -1000), (260, 220, 60), (10, 10, 10))
BRAIN = grid_between((-50, -60, -100), (50, 60, -50), (5, 5, 5))
LOW_DOSE_BQ_ML = 1100.0  # of 1 SUV: 2 MBq a kg, 95 minutes after the injection
EACH = pytest.mark.parametrize("grid", [HEAD_NECK, WHOLE_BODY], ids=["head and neck", "whole body"])
PADDINGS = pytest.mark.parametrize("padding", [0.0, -1.0, -1024.0, -1e6, 30000.0])


def doubt(pet):
    """Return the doubt of a PET of the figure, whose CT has the same field of view."""
    return doubt_of_suv(pet, uptake_in_body(pet, coarse_ct_of(Figure().ct(Grid.of(pet)))))


def pet_of(suv, grid):
    return image_of(suv.astype(np.float32), grid)


def with_voxels(pet, value):
    """Return a PET with a value in three voxels: in the brain, in the neck, and in the air."""
    changed = sitk.Cast(pet, sitk.sitkFloat32)
    for point_mm in ((0, 0, -80), (0, 20, -200), (-115, -115, -20)):
        changed[changed.TransformPhysicalPointToIndex(point_mm)] = value
    return changed


@EACH
def test_suv_raises_no_doubt(grid):
    assert doubt(Figure().pet(grid)) is None


@pytest.mark.parametrize("brain_suv", [1.5, 15.0])
def test_nor_does_a_scan_of_a_brain_alone(brain_suv):
    suv = array_of(Figure(brain_suv=brain_suv).pet(BRAIN))
    suv *= np.random.default_rng(0).uniform(0.9, 1.1, suv.shape)
    suv[0, 0, 0] = 3
    assert doubt(pet_of(suv, BRAIN)) is None


def test_nor_does_the_noise_around_zero_that_filtered_back_projection_leaves_in_the_air():
    suv = array_of(Figure().pet(WHOLE_BODY))
    noisy = suv + np.random.default_rng(0).normal(0, 0.1, suv.shape)
    assert (noisy < 0).mean() > 0.3
    assert doubt(pet_of(noisy, WHOLE_BODY)) is None


def test_nor_does_a_bladder_that_takes_up_more_than_all_the_rest():
    pelvis = grid_between((-220, -110, -800), (220, 150, -650), (5, 5, 5))
    suv = array_of(Figure().pet(pelvis))
    assert suv[suv > 1].sum() > suv[suv < 1].sum()
    assert doubt(pet_of(suv, pelvis)) is None


@EACH
@pytest.mark.parametrize("value", [2500.0, 1e6, -50.0, -1e6])
def test_single_voxels_hide_no_suv_and_no_activity(grid, value):
    pet = Figure().pet(grid)
    assert doubt(with_voxels(pet, value)) is None
    assert doubt(with_voxels(pet * LOW_DOSE_BQ_ML, value)).unit == "activity"
    assert doubt(with_voxels(pet / 70, value)).unit == "scaled"
    assert doubt(with_voxels(sitk.Normalize(pet), value)).unit == "signed"


@PADDINGS
def test_padding_hides_no_suv_and_no_activity(padding):
    small, coarse = Figure().pet(HEAD_NECK), coarse_ct_of(Figure().ct(HEAD_NECK))
    for factor, unit in ((1.0, None), (LOW_DOSE_BQ_ML, "activity"), (1 / 70, "scaled")):
        pet = sitk.ConstantPad(small * factor, [40] * 3, [40] * 3, padding)
        found = doubt_of_suv(pet, uptake_in_body(pet, coarse))
        assert (found and found.unit) == unit


@pytest.mark.parametrize("padding", [0.0, -1.0, -1024.0])
def test_padding_in_the_body_hides_none_and_does_not_count_as_covered(padding):
    coarse = coarse_ct_of(Figure().ct(HEAD_NECK))
    for factor, unit in ((1.0, None), (LOW_DOSE_BQ_ML, "activity")):
        values = array_of(Figure().pet(HEAD_NECK)) * factor
        values[:40] = padding  # three quarters, with the neck and half of the head
        found = uptake_in_body(pet := pet_of(values, HEAD_NECK), coarse)
        doubted = doubt_of_suv(pet, found)
        assert (doubted and doubted.unit) == unit
        assert 0.05 < found.share < 0.3


@EACH
@pytest.mark.parametrize("bq_ml", [LOW_DOSE_BQ_ML, 5000.0])
@pytest.mark.parametrize("voxel_type", [sitk.sitkFloat32, sitk.sitkInt32], ids=["float", "integer"])
def test_activity_per_volume_is_recognised_by_its_background(grid, bq_ml, voxel_type):
    found = doubt(sitk.Cast(Figure().pet(grid) * bq_ml, voxel_type))
    assert found.unit == "activity"
    assert f"a background of {0.6 * bq_ml:.3g} and a maximum of {(60 if grid is WHOLE_BODY else 7) * bq_ml:.4g}" == (
        found.found
    )
    assert found.question == "Is it in Bq/ml, or was it stored without its rescale slope?"


def test_activity_is_recognised_where_little_of_the_image_is_body_and_the_ct_has_none():
    activity = np.zeros((40, 40, 40))
    activity[20:22, 20:24, 20:24] = np.linspace(8000, 9000, 32).reshape(2, 4, 4)  # 0.05 % of the voxels
    grid = Grid((40, 40, 40), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), LPS)
    air = coarse_ct_of(image_of(np.full(grid.shape_zyx, -1000, np.int16), grid))
    pet = pet_of(activity, grid)
    assert doubt_of_suv(pet, uptake_in_body(pet, air)).unit == "activity"


def test_an_image_scaled_from_0_to_1_is_recognised_by_its_maximum():
    found = doubt(Figure().pet(HEAD_NECK) / 7.0)
    assert (found.unit, found.found) == ("scaled", "no value above 1")
    assert "Was it normalised to the range from 0 to 1?" in found.question
    assert doubt(with_voxels(Figure().pet(HEAD_NECK) / 7.0, 99)).found == "no value above 1 but in single voxels"


def test_z_scores_are_recognised_by_their_negative_half():
    suv = array_of(Figure().pet(HEAD_NECK))
    found = doubt(pet_of((suv - suv.mean()) / suv.std(), HEAD_NECK))
    assert found.unit == "signed"
    assert found.found.startswith("values from -0.376 to 3.268, ")
    assert found.found.endswith("of which the negative ones sum to 100% of the positive ones")


def test_values_below_zero_alone_are_no_suv():
    below = np.linspace(-9, 0, np.prod(HEAD_NECK.shape_zyx)).reshape(HEAD_NECK.shape_zyx)
    assert "sum to all of the positive ones" in doubt(pet_of(below, HEAD_NECK)).found


def test_a_ct_is_no_suv():
    assert doubt(Figure().ct(HEAD_NECK)) is not None


@pytest.mark.parametrize(
    ("plain", "found"),
    [(0.0, "less than 1 ml above 0 inside the body"), (5.0, "nothing but 5 inside the body")],
    ids=["zero", "constant"],
)
def test_an_image_of_one_value_shows_nothing_whatever_single_voxels_have(plain, found):
    doubted = doubt(with_voxels(pet_of(np.full(HEAD_NECK.shape_zyx, plain), HEAD_NECK), 9.0))
    assert (doubted.unit, doubted.found) == ("empty", found)


def test_the_uptake_is_that_of_the_part_of_the_body_that_the_pet_shows():
    coarse = coarse_ct_of(Figure().ct(WHOLE_BODY))
    found = uptake_in_body(Figure().pet(HEAD_NECK), coarse)
    body_l = np.count_nonzero(coarse.body) * coarse.grid.voxel_volume_mm3 / 1e6
    assert 0.05 < found.share < 0.3
    assert found.volume_ml / 1000 == pytest.approx(found.share * body_l)
    assert found.brightest == pytest.approx(7)


def test_padding_is_a_value_that_the_border_has_in_common():
    suv = array_of(Figure().pet(HEAD_NECK)) + np.random.default_rng(0).uniform(0.01, 0.02, HEAD_NECK.shape_zyx)
    assert padding_of(pet_of(suv, HEAD_NECK)).tolist() == []
    suv[:10] = 0
    suv[:, :, -4:] = -7
    assert padding_of(pet_of(suv, HEAD_NECK)).tolist() == [-7, 0]


def test_values_that_can_not_be_uptake_get_the_median_of_their_neighbours():
    pet = pet_of(np.arange(27.0).reshape(3, 3, 3), Grid((3, 3, 3), (2.0, 2.0, 2.0), (1.0, 2.0, 3.0), LPS))
    bad = sitk.Image(pet)
    bad[1, 1, 1], bad[1, 1, 0] = 2001, -21
    mended, count = without_artefacts(bad)
    known = [value for value in range(27) if value not in {4, 13}]
    assert count == 2
    assert mended[1, 1, 1] == np.median(known)
    assert mended[1, 1, 0] == np.median([value for value in known if value < 18])
    assert Grid.of(mended) == Grid.of(pet)
    assert without_artefacts(pet) == (pet, 0)


def test_padding_that_can_not_be_uptake_becomes_zero():
    padded = sitk.ConstantPad(Figure().pet(HEAD_NECK), [5] * 3, [5] * 3, -1024.0)
    mended, count = without_artefacts(padded)
    assert count == 0
    np.testing.assert_array_equal(
        array_of(mended), array_of(sitk.ConstantPad(Figure().pet(HEAD_NECK), [5] * 3, [5] * 3, 0.0))
    )


@pytest.mark.parametrize("padding", [-0.1, -1024.3])
def test_neither_the_type_of_the_voxels_nor_values_too_large_for_it_matter(padding):
    coarse = coarse_ct_of(Figure().ct(HEAD_NECK))
    small = sitk.Cast(Figure().pet(HEAD_NECK), sitk.sitkFloat64)
    for factor, unit in ((1.0, None), (LOW_DOSE_BQ_ML, "activity")):
        pet = sitk.ConstantPad(small * factor, [30] * 3, [30] * 3, padding)
        pet[50, 50, 50] = -1e300
        found = uptake_in_body(pet, coarse)
        doubted = doubt_of_suv(pet, found)
        assert (doubted and doubted.unit) == unit
        assert found.background == pytest.approx(0.6 * factor)
    pet = sitk.ConstantPad(small, [30] * 3, [30] * 3, padding)
    pet[50, 50, 50] = 1e300
    mended, count = without_artefacts(pet)
    assert count == 1
    assert 0.01 < mended[50, 50, 50] < 8


@pytest.mark.parametrize("value", [1e5, -1e5])
def test_hundreds_of_artefacts_hide_nothing_either(value):
    places = np.random.default_rng(0).integers(0, np.prod(HEAD_NECK.shape_zyx), 150)
    for factor, unit in ((1.0, None), (LOW_DOSE_BQ_ML, "activity"), (1 / 7, "scaled")):
        suv = array_of(Figure().pet(HEAD_NECK)) * factor
        suv.ravel()[places] = value
        found = doubt(pet_of(suv, HEAD_NECK))
        assert (found and found.unit) == unit
