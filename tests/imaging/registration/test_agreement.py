import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.registration.agreement import Overlay, Samples, overlay
from hnseg.imaging.registration.pyramid import Level

GRID = Grid((6, 5, 4), (2.0, 2.0, 2.0), (10.0, 20.0, 30.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


def level(values=None, body=None):
    """A level that counts from 0 to 1 unless told otherwise, body everywhere."""
    values = np.linspace(0, 1, 120).reshape(4, 5, 6) if values is None else values
    body = np.ones((4, 5, 6), bool) if body is None else body
    return Level(image_of(values.astype(np.float32), GRID), body)


def met(smaller, larger):
    """An overlay of plain values, all of it body."""
    body = np.ones(len(smaller), bool)
    return Overlay(np.array(smaller, np.float32), np.array(larger, np.float32), body, body, 1.0)


def everywhere(one):
    return Samples.of(one, np.ones((4, 5, 6), bool))


def test_two_equal_halves_share_one_bit():
    assert met([0.1, 0.1, 0.9, 0.9], [0.7, 0.7, 0.2, 0.2]).mutual_information() == pytest.approx(np.log(2))
    assert met([0.1, 0.1, 0.9, 0.9], [0.7, 0.7, 0.2, 0.2]).correlation() == pytest.approx(1)


def test_independent_values_share_nothing():
    assert met([0.1, 0.1, 0.9, 0.9], [0.2, 0.7, 0.2, 0.7]).mutual_information() == pytest.approx(0)
    assert met([0.1, 0.1, 0.9, 0.9], [0.2, 0.7, 0.2, 0.7]).correlation() == pytest.approx(0)


@pytest.mark.parametrize("values", [[], [0.5, 0.5, 0.5]])
def test_nothing_or_constant_values_agree_in_nothing(values):
    assert met(values, values).mutual_information() == 0
    assert met(values, values).correlation() == 0


def test_bodies_are_compared_where_samples_fell():
    one, other = np.array([1, 1, 1, 0], bool), np.array([0, 1, 1, 1], bool)
    assert Overlay(np.zeros(4, np.float32), np.zeros(4, np.float32), one, other, 1.0).body_dice() == pytest.approx(
        2 / 3
    )
    nothing = np.zeros(4, bool)
    assert Overlay(np.zeros(4, np.float32), np.zeros(4, np.float32), nothing, nothing, 0.0).body_dice() == 0


def test_image_laid_on_itself_meets_its_own_values():
    found = overlay(everywhere(level()), level(), sitk.Euler3DTransform())
    np.testing.assert_allclose(found.larger_values, found.smaller_values, atol=1e-6)
    assert found.overlap == 1
    assert found.body_dice() == 1


def test_shifted_image_meets_the_neighbour_and_loses_the_last_column():
    pose = sitk.Euler3DTransform()
    pose.SetTranslation((2.0, 0.0, 0.0))
    found = overlay(everywhere(level()), level(), pose)
    expected = np.linspace(0, 1, 120).reshape(4, 5, 6)
    np.testing.assert_allclose(found.smaller_values, expected[:, :, :-1].ravel(), atol=1e-6)
    np.testing.assert_allclose(found.larger_values, expected[:, :, 1:].ravel(), atol=1e-6)
    assert found.overlap == pytest.approx(5 / 6)


def test_overlap_counts_the_body_only():
    body = np.zeros((4, 5, 6), bool)
    body[:, :, 4:] = True
    pose = sitk.Euler3DTransform()
    pose.SetTranslation((2.0, 0.0, 0.0))
    assert overlay(everywhere(level(body=body)), level(), pose).overlap == pytest.approx(1 / 2)


def test_images_far_apart_meet_nowhere():
    pose = sitk.Euler3DTransform()
    pose.SetTranslation((0.0, 500.0, 0.0))
    found = overlay(everywhere(level()), level(), pose)
    assert found.smaller_values.size == found.larger_values.size == 0
    assert found.overlap == found.mutual_information() == found.body_dice() == 0
