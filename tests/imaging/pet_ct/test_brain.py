import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.pet_ct.brain import find_brain
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED

SIZE, MM = 72, 3.0


def distance_mm(centre):
    """Return the distance of every voxel from a voxel, (z, y, x)."""
    return MM * np.sqrt(sum((axis - at) ** 2 for axis, at in zip(np.indices((SIZE,) * 3), centre, strict=True)))


def head(*, gap=False, skull=True):
    """Return Hounsfield units of a head, a ball of 90 mm with a skull of 65 to 75 mm and a brain, and a neck below."""
    hu = np.full((SIZE,) * 3, -1000.0)
    away = distance_mm((40, 36, 36))
    z, y, x = np.indices(hu.shape)
    neck = (np.hypot(y - 36, x - 36) * MM < 50) & (z < 40)
    hu[(away < 90) | neck] = 50.0
    if skull:
        hu[(away >= 65) & (away < 75) & (z > 22)] = 900.0
    if gap:  # a door of 18 mm in the forehead, as wide as an orbit's fissures
        hu[38:44, :30, 33:39][hu[38:44, :30, 33:39] > 500] = 40.0
    return hu, away


def image(hu, direction=LPS, seed=0):
    noisy = hu + np.random.default_rng(seed).normal(0, 25, hu.shape)
    return image_of(noisy.astype(np.int16), Grid((SIZE,) * 3, (MM,) * 3, (-90.0, 10.0, 5.0), direction))


@pytest.mark.parametrize("gap", [False, True], ids=["closed", "with a gap"])
def test_what_the_skull_encloses_is_found_to_within_a_voxel_of_4_mm_through_noise_of_25_hu(gap):
    hu, away = head(gap=gap)
    found = array_of(find_brain(coarse_ct_of(image(hu)))) > 0
    upper = np.indices(hu.shape)[0] > 26
    assert found[(away < 57) & upper].mean() > 0.99
    assert found[away >= 70].mean() < 0.01


@pytest.mark.parametrize("direction", [TILTED, FLIPPED, SWAPPED], ids=["tilted", "flipped", "swapped"])
def test_it_lies_on_the_cts_grid_whatever_its_axes(direction):
    hu, _ = head()
    straight = image(hu)
    turned = sitk.DICOMOrient(straight, "RAS") if direction is FLIPPED else sitk.PermuteAxes(straight, (2, 0, 1))
    if direction is TILTED:
        turned = image(hu, TILTED)
    found = find_brain(coarse_ct_of(turned))
    assert Grid.of(found) == Grid.of(turned)
    volume_ml = array_of(found).sum() * MM**3 / 1000
    assert volume_ml == pytest.approx(array_of(find_brain(coarse_ct_of(straight))).sum() * MM**3 / 1000, rel=0.1)


def test_without_a_skull_or_a_body_none_is_found():
    hu, _ = head(skull=False)
    assert find_brain(coarse_ct_of(image(hu))) is None
    assert find_brain(coarse_ct_of(image(np.full_like(hu, -1000.0)))) is None


def test_what_bone_encloses_in_a_trunk_is_no_brain():
    z, y, x = np.indices((SIZE,) * 3)
    away = np.hypot(y - 36, x - 36) * MM  # a cylinder of 407 cm2: wider than a head
    hu = np.full((SIZE,) * 3, -1000.0)
    hu[(away < 114) & (z > 5)] = 50.0
    hu[(away >= 80) & (away < 90) & (z > 5)] = 900.0
    assert find_brain(coarse_ct_of(image(hu))) is None
