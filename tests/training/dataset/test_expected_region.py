import numpy as np
import pytest

from hnseg.imaging.box import BoxMm
from hnseg_training.dataset.expected_region import MARGIN_MM, expected_region

LANDMARKS = {"a": (0, 0, 0), "b": (40, 0, 0), "c": (0, 40, 0), "d": (0, 0, 40)}


def cube(centre_mm, edge_mm=4.0) -> BoxMm:
    low, high = np.array(centre_mm) - edge_mm / 2, np.array(centre_mm) + edge_mm / 2
    return BoxMm(tuple(low.tolist()), tuple(high.tolist()))


def patient(shift=(0, 0, 0), scale=1.0, **organs) -> dict[str, BoxMm]:
    """Place the landmarks, and others by name, scaled and then shifted."""
    return {
        name: cube(np.array(centre) * scale + shift, 4.0 * scale) for name, centre in {**LANDMARKS, **organs}.items()
    }


def test_the_region_goes_along_with_the_patient():
    other = patient(lost=(10, 20, 30))
    region = expected_region("lost", patient(shift=(100, -50, 7)), [other])
    np.testing.assert_allclose(region.low_mm, np.array([110, -30, 37]) - 2 - MARGIN_MM)
    np.testing.assert_allclose(region.high_mm, np.array([110, -30, 37]) + 2 + MARGIN_MM)


def test_the_region_grows_with_the_patient():
    other = patient(lost=(10, 20, 30))
    region = expected_region("lost", patient(scale=1.5), [other])
    np.testing.assert_allclose(region.low_mm, np.array([15, 30, 45]) - 3 - MARGIN_MM)
    np.testing.assert_allclose(region.high_mm, np.array([15, 30, 45]) + 3 + MARGIN_MM)


def test_with_few_structures_in_common_the_size_is_not_guessed():
    other = {"a": cube((0, 0, 0)), "b": cube((40, 0, 0)), "lost": cube((20, 0, 0))}
    region = expected_region("lost", {"a": cube((0, 0, 0)), "b": cube((80, 0, 0))}, [other])
    np.testing.assert_allclose(region.centre_mm, (40, 0, 0))  # the middles of the two are laid on each other
    assert region.high_mm[0] - region.low_mm[0] == pytest.approx(4 + 2 * MARGIN_MM)


def test_the_region_covers_the_variation_between_patients():
    others = [patient(lost=(x, 0, 60)) for x in (-10, 0, 10)]
    region = expected_region("lost", patient(), others)
    assert region.low_mm[0] == pytest.approx(-9 - 2 - MARGIN_MM)  # the 5th percentile of -10, 0 and 10 is -9
    assert region.high_mm[0] == pytest.approx(9 + 2 + MARGIN_MM)


def test_one_odd_patient_does_not_blow_the_region_up():
    others = [patient(lost=(0, 0, 60))] * 40 + [patient(lost=(300, 0, 60))]
    assert expected_region("lost", patient(), others).high_mm[0] == pytest.approx(2 + MARGIN_MM)


def test_where_nobody_has_the_structure_nothing_is_known():
    assert expected_region("lost", patient(), [patient(), patient()]) is None
    assert expected_region("lost", {"e": cube((0, 0, 0))}, [patient(lost=(0, 0, 0))]) is None
