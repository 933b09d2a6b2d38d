import numpy as np
import pytest

from hnseg.robustness.perturbations.bias import BiasField
from hnseg.robustness.perturbations.perturb import apply
from hnseg_training.fitting.hardening.channels import (
    CT_RANGES_HU,
    CtChannel,
    UnnormalisedChannel,
    ZScoredChannel,
    image_channels,
)

MEAN_HU, SD_HU, LIMITS_HU = 70.0, 25.0, (0.0, 140.0)
CT = CtChannel(MEAN_HU, SD_HU, LIMITS_HU, (3.0, 3.0, 3.0))
INTENSITIES = {"mean": MEAN_HU, "std": SD_HU, "percentile_00_5": 0.0, "percentile_99_5": 140.0, "min": 0.1}
SHAPE = (24, 24, 24)
INSIDE = np.ones(SHAPE, dtype=bool)


def normalised(hu: np.ndarray) -> np.ndarray:
    """Return a CT as nnU-Net's CTNormalization leaves it."""
    return ((np.clip(hu, *LIMITS_HU) - MEAN_HU) / SD_HU).astype(np.float32)


def head_hu() -> np.ndarray:
    """Return water of 40 HU below a plane of 12 voxels, air above."""
    hu = np.full(SHAPE, -1000.0, np.float32)
    hu[:12] = 40
    return hu


def same(volume: np.ndarray) -> np.ndarray:
    return volume.copy()


def constant_bias(logarithm: float) -> BiasField:
    return BiasField(order=1, coefficients=(logarithm, 0, 0, 0))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_ct_without_an_artefact_comes_back(rng):
    patch = normalised(head_hu())
    np.testing.assert_allclose(CT.perturbed(patch, INSIDE, same, rng), patch, atol=1e-4)


def test_on_the_published_scale_air_is_0_and_water_a_range_below_1(rng):
    seen = []
    CT.perturbed(normalised(head_hu()), INSIDE, lambda volume: seen.append(volume.copy()) or volume, rng)
    assert np.abs(seen[0][-4:]).max() < 1e-6
    assert 1040 / CT_RANGES_HU[1] <= seen[0][0, 0, 0] <= 1040 / CT_RANGES_HU[0]


def test_voxels_at_the_lower_limit_are_fat_by_the_skin_and_air_further_out():
    hu = CT.in_hu(normalised(head_hu()))
    assert (hu[:12] == 40).all()
    assert (hu[12] > -300).all()  # one voxel of 3 mm off the water
    assert (hu[12] <= -100).all()
    assert (hu[18:] == -1000).all()


@pytest.mark.parametrize("logarithm", [0.05, -0.02])
def test_a_bias_multiplies_heights_above_air(logarithm, rng):
    biased = CT.perturbed(normalised(head_hu()), INSIDE, lambda volume: apply(volume, constant_bias(logarithm)), rng)
    expected = normalised((head_hu() + 1000) * np.exp(logarithm) - 1000)
    np.testing.assert_allclose(biased[:11], expected[:11], atol=1e-3)
    np.testing.assert_allclose(biased[-4:], expected[-4:], atol=1e-3)


def test_a_perturbed_ct_is_clipped_as_its_normalisation_clips(rng):
    noisy = CT.perturbed(
        normalised(head_hu()), INSIDE, lambda volume: volume + rng.normal(0, 0.2, SHAPE).astype(np.float32), rng
    )
    lowest, highest = (np.array(LIMITS_HU) - MEAN_HU) / SD_HU
    assert lowest - 1e-4 <= noisy.min() < lowest + 0.1
    assert highest - 0.1 < noisy.max() <= highest + 1e-4
    water, air = noisy[:8], noisy[-4:]
    assert water.std() > (highest - lowest) / 4  # 0.2 is more than 340 HU, against a window of 140
    assert air.mean() < lowest + 0.1  # air would have to rise by 1000 HU


def test_a_z_scored_patch_keeps_its_mean_and_deviation(rng):
    patch = rng.normal(0.3, 0.8, SHAPE).astype(np.float32)
    changed = ZScoredChannel().perturbed(patch, INSIDE, lambda volume: 3 * volume + 7, rng)
    assert changed.mean() == pytest.approx(patch.mean(), abs=1e-5)
    assert changed.std() == pytest.approx(patch.std(), abs=1e-5)
    assert np.corrcoef(changed.ravel(), patch.ravel())[0, 1] > 0.9


def test_an_unnormalised_patch_is_perturbed_in_its_deviations_and_stays_0_where_it_is(rng):
    patch = rng.uniform(0.1, 1, SHAPE).astype(np.float32)
    patch[:, :, :5] = 0
    raised = UnnormalisedChannel(non_negative=True).perturbed(patch, INSIDE, lambda volume: volume + 2, rng)
    np.testing.assert_allclose(raised[..., 5:], patch[..., 5:] + 2 * patch.std(), rtol=1e-5)
    assert not raised[..., :5].any()


@pytest.mark.parametrize("non_negative", [True, False])
def test_only_what_can_not_be_negative_is_raised_to_0(non_negative, rng):
    patch = rng.uniform(0.1, 1, SHAPE).astype(np.float32)
    lowered = UnnormalisedChannel(non_negative=non_negative).perturbed(patch, INSIDE, lambda v: v - 9, rng)
    assert (lowered < 0).all() != non_negative


@pytest.mark.parametrize("channel", [CT, ZScoredChannel(), UnnormalisedChannel(non_negative=False)])
def test_values_of_the_padding_change_nothing_inside(channel, rng):
    inside = INSIDE.copy()
    inside[:, :, -6:] = False
    patch = rng.uniform(-1, 1, SHAPE).astype(np.float32)
    padded = np.where(inside, patch, 0).astype(np.float32)
    blurred = [
        channel.perturbed(each, inside, lambda volume: (volume + np.roll(volume, 1, 2)) / 2, np.random.default_rng(1))
        for each in (patch, padded)
    ]
    np.testing.assert_array_equal(blurred[0][..., :-8], blurred[1][..., :-8])


def test_the_names_of_channels_tell_which_are_images():
    names = ["CT", "noNorm", "noNorm", "T2w", "gradient map", "rescale_to_0_1"]
    found = image_channels(
        names,
        {str(number): INTENSITIES for number in range(len(names))},
        may_be_missing={1},
        spacing_zyx_mm=(3.0, 3.0, 3.0),
    )
    assert found == {0: CT, 1: UnnormalisedChannel(non_negative=True), 3: ZScoredChannel()}
