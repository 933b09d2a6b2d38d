import re

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.registration import Gate, RegistrationSettings, register_rigid

KNOWN = [
    ((0, 0, 0), (0, 0, 0)),
    ((5, -4, 8), (12, -20, 9)),
    ((-14, 10, -12), (-35, 28, 50)),
    ((0, 0, 20), (700, -300, 1500)),
]


@pytest.mark.parametrize(("rotation_deg", "shift_mm"), KNOWN, ids=str)
def test_known_movement_is_found(heads, errors_mm, pose, rotation_deg, shift_mm):
    truth = pose(rotation_deg, shift_mm)
    found = register_rigid(fixed=heads.fixed, moving=heads.moving(truth))
    assert found.accepted
    assert errors_mm(found.transform, truth).mean() < 0.6
    assert found.report.starts_agreeing >= 1


def test_other_contrast_is_no_obstacle(heads, errors_mm, pose):
    truth = pose((4, -6, 7), (8, 15, -12))
    moving = heads.moving(truth, contrast=lambda values: np.where(values > 30, 250 + 200 * np.sin(values / 90), 0))
    found = register_rigid(fixed=heads.fixed, moving=moving)
    assert found.accepted
    assert errors_mm(found.transform, truth).mean() < 0.6


def test_roles_may_be_swapped(heads, pose):
    truth = pose((5, -4, 8), (12, -20, 9))
    there = register_rigid(fixed=heads.fixed, moving=heads.moving(truth))
    back = register_rigid(fixed=heads.moving(truth), moving=heads.fixed)
    assert back.accepted
    there_and_back = sitk.CompositeTransform([sitk.Transform(back.transform), sitk.Transform(there.transform)])
    for point in heads.small.corners_mm():
        np.testing.assert_allclose(there_and_back.TransformPoint(point.tolist()), point, atol=1e-6)


def test_same_pair_gives_the_same_transform_to_the_last_bit(heads, pose):
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    moving = heads.moving(pose((5, -4, 8), (12, -20, 9)))
    one, again = (register_rigid(fixed=heads.fixed, moving=moving) for _ in range(2))
    assert one.transform.GetParameters() == again.transform.GetParameters()
    assert one.report == again.report
    assert sitk.ProcessObject.GetGlobalDefaultNumberOfThreads() == threads


def changed(image, array):
    return image_of(np.ascontiguousarray(array).astype(np.float32), Grid.of(image))


def noise(image):
    return np.random.default_rng(0).uniform(0, 300, Grid.of(image).shape_zyx)


@pytest.mark.parametrize(
    "spoil",
    [noise, lambda image: np.flip(array_of(image), axis=0), lambda image: np.flip(array_of(image), axis=1)],
    ids=["noise", "upside down", "back to front"],
)
def test_images_that_do_not_belong_together_are_rejected_with_a_reason(heads, pose, spoil):
    moving = heads.moving(pose((0, 0, 0), (5, 5, 5)))
    found = register_rigid(fixed=changed(heads.fixed, spoil(heads.fixed)), moving=moving)
    assert not found.accepted
    assert found.report.status == "rejected"
    assert "agree too little" in found.in_words()


@pytest.mark.parametrize("value", [0.0, 250.0])
def test_constant_image_is_not_attempted(heads, value):
    flat = changed(heads.fixed, np.full(heads.small.shape_zyx, value))
    for pair in ({"fixed": flat, "moving": heads.fixed}, {"fixed": heads.fixed, "moving": flat}):
        found = register_rigid(**pair)
        assert found.report.status == "not_attempted"
        assert found.in_words().endswith("image is constant")
        assert found.transform.GetParameters() == (0.0,) * 6


def test_image_with_infinite_values_is_not_attempted(heads):
    array = array_of(heads.fixed)
    array[3, 3, 3] = np.inf
    found = register_rigid(fixed=heads.fixed, moving=changed(heads.fixed, array))
    assert found.in_words() == "the moving image has values that are not finite"


def test_image_below_what_counts_is_not_attempted(heads):
    negative = changed(heads.fixed, -1 - array_of(heads.fixed))
    found = register_rigid(fixed=heads.fixed, moving=negative)
    assert found.in_words() == "the moving image has hardly any values above 0"


def test_slab_of_24_mm_is_enough(heads, errors_mm, pose):
    truth = pose((0, 0, 5), (4, 0, 10))
    found = register_rigid(fixed=heads.slab, moving=heads.moving(truth))
    assert found.accepted
    assert errors_mm(found.transform, truth).mean() < 0.6


def cropped(image, size_xyz):
    return sitk.RegionOfInterest(image, size_xyz, (10, 10, 5))


def respaced(image, spacing_mm):
    copy = sitk.Image(image)
    copy.SetSpacing(spacing_mm)
    return copy


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda image: cropped(image, (30, 30, 12)), "12 voxels along one axis"),
        (lambda image: respaced(image, (2.5, 2.5, 12.0)), r"spacing of \(2.5, 2.5, 12.0\) mm"),
        (lambda image: cropped(image, (20, 20, 20)), r"covers 0.20 l, and at least 0.5 l"),
        (lambda image: image[:, :, 5], "not a scalar 3-D image"),
        (lambda image: sitk.Compose(image, image), "not a scalar 3-D image"),
    ],
    ids=["thin", "coarse", "small", "slice", "vector"],
)
def test_images_that_cannot_be_registered_are_not_attempted(heads, change, reason):
    found = register_rigid(fixed=heads.fixed, moving=change(heads.fixed))
    assert not found.accepted
    assert found.report.status == "not_attempted"
    assert re.search(reason, found.in_words())


def test_gate_is_a_setting(heads, pose):
    moving = heads.moving(pose((0, 0, 20), (0, 0, 0)))
    strict = RegistrationSettings(gate=Gate(rotation_deg=10))
    found = register_rigid(fixed=heads.fixed, moving=moving, settings=strict)
    assert found.in_words() == "the images are turned by 20 degrees, more than 10"
