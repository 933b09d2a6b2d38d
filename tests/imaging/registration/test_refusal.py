import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.registration.pyramid import Intensities
from hnseg.imaging.registration.refusal import field_of_view_l, refusal_of

MR = Intensities()


def image_of(values, spacing_mm=(2.0, 2.0, 2.0)):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing_mm)
    return image


def noise(shape_zyx=(20, 20, 20)):
    return np.random.default_rng(0).uniform(1, 100, shape_zyx).astype(np.float32)


def test_an_image_of_some_size_and_contrast_can_be_tried():
    assert refusal_of(image_of(noise()), MR, smallest_l=0.05) is None  # 40 mm cubed: 0.064 l


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (sitk.Image([20, 20], sitk.sitkFloat32), "is not a scalar 3-D image"),
        (sitk.Image([20, 20, 20], sitk.sitkVectorFloat32, 3), "is not a scalar 3-D image"),
        (image_of(noise((15, 20, 20))), "has 15 voxels along one axis, and at least 16 are needed"),
        (image_of(noise(), (2.0, 2.0, 10.0)), "has a spacing of (2.0, 2.0, 10.0) mm, and 0.1 to 10 mm is expected"),
        (image_of(noise(), (1.0, 1.0, 1.0)), "covers 0.01 l, and at least 0.05 l are needed"),
        (image_of(np.where(noise() > 50, np.float32(np.nan), noise())), "has values that are not finite"),
        (image_of(np.full((20, 20, 20), 5, np.float32)), "is constant"),
    ],
    ids=["slice", "colour", "thin", "coarse", "small", "not finite", "constant"],
)
def test_an_image_that_cannot_be_registered_is_refused_with_the_reason(image, reason):
    refusal = refusal_of(image, MR, smallest_l=0.05)
    assert refusal.reason == reason
    assert refusal.likely_cause.endswith("?")


def test_a_ct_needs_values_above_air():
    refusal = refusal_of(image_of(noise() - 2000), Intensities(lowest=-1000.0), smallest_l=0.05)
    assert refusal.reason == "has hardly any values above -1000"


def test_the_field_of_view_is_in_litres():
    assert field_of_view_l(image_of(noise((20, 20, 50)), (2.0, 2.0, 4.0))) == pytest.approx(0.32)  # 40 x 40 x 200 mm
