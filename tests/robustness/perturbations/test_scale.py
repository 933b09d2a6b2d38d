import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.robustness.perturbations.scale import AS_GIVEN, IntensityScale, modality_of, scale_of

CT = np.array([[[-1024.0, -900.0, 0.0, 40.0]], [[60.0, 1000.0, 1976.0, 40.0]]], np.float32)
PET = np.array([[[1.0, 3.0]], [[5.0, 7.0]]], np.float32)  # mean 4, standard deviation the root of 5


@pytest.mark.parametrize(
    ("volume", "units", "modality", "zero", "unit"),
    [
        (CT, "normalised", "ct", -1024, 3000),
        (CT, "physical", "ct", -1000, 3000),
        (CT, "given", "ct", 0, 1),
        *((PET, "normalised", modality, 4, 5**0.5) for modality in ("pet", "mr", "unknown")),
        *((PET, "physical", modality, 0, 5**0.5) for modality in ("pet", "mr", "unknown")),
        (PET, "given", "pet", 0, 1),
    ],
)
def test_zero_and_unit_are_those_of_the_units(volume, units, modality, zero, unit):
    scale = scale_of(volume, units=units, modality=modality)
    assert (scale.zero, scale.unit) == pytest.approx((zero, unit), rel=1e-7)
    placed = volume.copy()
    scale.put(placed)
    np.testing.assert_allclose(placed, (volume - zero) / unit, rtol=1e-5, atol=1e-6)
    scale.put_back(placed)
    np.testing.assert_allclose(placed, volume, rtol=1e-5, atol=1e-3)


def test_normalised_values_are_from_0_to_1_or_z_scores():
    ct, pet = CT.copy(), PET.copy()
    scale_of(ct, units="normalised", modality="ct").put(ct)
    scale_of(pet, units="normalised", modality="pet").put(pet)
    assert (ct.min(), ct.max()) == (0, 1)
    assert (pet.mean(), pet.std()) == pytest.approx((0, 1), abs=1e-6)


def test_what_is_normalised_already_is_taken_as_it_is():
    ct = (CT - CT.min()) / (CT.max() - CT.min())
    assert modality_of(sitk.GetImageFromArray(ct)) == "ct"
    assert scale_of(ct, units="normalised", modality="ct") == AS_GIVEN


@pytest.mark.parametrize(("units", "zero"), [("normalised", -1000), ("physical", -1000)])
def test_metal_does_not_set_the_scale_of_a_ct(units, zero):
    ct = np.tile(np.array([-1000.0, -1000.0, 0.0, 100.0], np.float32), (10, 10, 10))
    filled = ct.copy()
    filled[5, 5, 5] = 30_000
    limit = filled.mean(dtype=np.float64) + 3 * filled.std(dtype=np.float64)
    scale = scale_of(filled, units=units, modality="ct")
    assert (scale.zero, scale.unit) == pytest.approx((zero, limit + 1000), rel=1e-6)
    assert scale.unit < 5000
    assert scale_of(ct, units=units, modality="ct").unit == 1100  # all values are within the limits


@pytest.mark.parametrize("modality", ["ct", "mr"])
@pytest.mark.parametrize("units", ["normalised", "physical"])
def test_an_image_of_one_value_has_unit_1(units, modality):
    assert scale_of(np.full((2, 2, 2), 7, np.float32), units=units, modality=modality).unit == 1


def test_the_deviation_of_a_large_mean_is_not_lost():
    volume = np.tile(np.array([40_000.0, 40_002.0], np.float32), (50, 50, 10))
    scale = scale_of(volume, units="normalised", modality="mr")
    assert scale == IntensityScale(zero=40_001.0, unit=1.0)


@pytest.mark.parametrize(
    ("values", "modality"),
    [(CT, "ct"), (CT.astype(np.int16), "ct"), (PET, "unknown"), (CT + 1024, "unknown"), (CT / 2000, "unknown")],
)
def test_a_ct_is_told_by_its_values(values, modality):
    assert modality_of(sitk.GetImageFromArray(values)) == modality
