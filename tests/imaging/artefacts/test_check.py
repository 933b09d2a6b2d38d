"""The check of whole images: what is noted of which, and that odd images are no trouble."""

import warnings

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.artefacts.check import ImageCheck, check_image

MODALITIES = ("ct", "pet", "mr", "unknown")


def head(modality):
    """A ball of tissue in air, with a scanner's usual noise, 64 voxels along each axis; in HU for a CT."""
    z, y, x = np.indices((64, 64, 64)) - 31.5
    radius = np.sqrt(z**2 + y**2 + x**2)
    inside = 1 / (1 + np.exp(np.clip(radius - 24, -30, 30) / 0.7))  # an edge about as soft as a scanner's
    noise = np.random.default_rng(1).normal(0, 1, inside.shape)
    array = -1000 + 1040 * inside + 15 * noise if modality == "ct" else 10 * inside + 0.05 * noise
    return array.astype(np.float32)


def checked(array, modality):
    return check_image(sitk.GetImageFromArray(array), modality)


def wave():
    z, y, x = np.indices((64, 64, 64))
    return np.cos(2 * np.pi * (11 * z + 17 * y + 23 * x) / 64).astype(np.float32)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_clean_image_has_figures_and_no_note(modality):
    found = checked(head(modality), modality)
    assert found.notes("CT") == ()
    expected = {"ct": {"spike", "noise_hu", "bias"}, "mr": {"spike", "noise_share", "bias"}}
    assert set(found.record) == expected.get(modality, {"spike", "noise_share"})


@pytest.mark.parametrize("modality", MODALITIES)
def test_spikes_are_noted_and_not_as_noise_too(modality):
    image = head(modality)
    found = checked(image + 0.7 * np.ptp(image) * wave(), modality)
    (note,) = found.notes("image")
    assert note.startswith(
        "The image may have spikes in k-space, waves over the whole image: one of its frequencies is"
    )
    assert not found.is_noisy
    assert not found.is_biased


@pytest.mark.parametrize("modality", MODALITIES)
def test_strong_noise_is_noted(modality):
    image = head(modality)
    noisy = image + np.random.default_rng(5).normal(0, 0.3 * np.ptp(image), image.shape).astype(np.float32)
    (note,) = checked(noisy, modality).notes("image")
    assert note.startswith("The image may be noisy: ")


@pytest.mark.parametrize(("modality", "noted"), [("ct", True), ("mr", True), ("pet", False), ("unknown", False)])
def test_a_strong_bias_is_noted_of_ct_and_mr(modality, noted):
    air = -1024 if modality == "ct" else 0
    biased = air + (head(modality) - air) * np.exp(np.linspace(-2, 2, 64, dtype=np.float32))
    notes = checked(biased, modality).notes("image")
    assert [note.startswith("The image may have a bias field: the body is ") for note in notes] == [True] * noted


def test_sentences_have_the_figure_and_the_limit():
    assert ImageCheck("mr", spike=5.0).notes("mid-RT T2w") == (
        "The mid-RT T2w may have spikes in k-space, waves over the whole image: one of its frequencies is 148 times as"
        " strong as those around it (noted over 55).",
    )
    assert ImageCheck("pet", noise_share=0.314).notes("PET") == (
        "The PET may be noisy: its noise has 31% of its standard deviation (noted over 12%).",
    )
    assert ImageCheck("mr", bias=8.25).notes("T1 MR") == (
        "The T1 MR may have a bias field: the body is 8.2 times as bright at one end of a smooth fit as at the other"
        " (noted over 5).",
    )


def test_the_record_has_the_figures_that_there_are():
    assert ImageCheck("ct", spike=1.23456, noise_hu=12.3456).record == {"spike": 1.235, "noise_hu": 12.35}


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 1, 1), (1, 64, 64), (64, 1, 64), (3, 3, 3), (200, 2, 2), (17, 40, 40)]
)
def test_odd_shapes_and_constant_images_have_no_note_and_no_error(modality, shape):
    rising = np.linspace(0, 100, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for array in (np.zeros(shape, np.int16), np.full(shape, -1024, np.int16), np.full(shape, 7.5), rising):
            assert checked(array, modality).notes("image") == ()


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("scale", [1e-38, 3e35, 1e300])
def test_values_at_the_ends_of_a_type_end_in_finite_figures_or_none(modality, scale):
    array = scale * head("mr").astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(list(checked(array, modality).record.values())).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64])
def test_integers_are_taken(dtype):
    array = np.clip(head("mr") * 20, 0, 255).astype(dtype)
    assert checked(array, "mr").notes("image") == ()


def test_the_image_is_left_as_it_is():
    image = sitk.GetImageFromArray(head("ct"))
    before = sitk.GetArrayFromImage(image)
    check_image(image, "ct")
    assert np.array_equal(sitk.GetArrayFromImage(image), before)
