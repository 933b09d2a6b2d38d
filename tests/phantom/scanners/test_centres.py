"""Hospitals of the PET/CT set and the scanners of their patients."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hnseg.phantom.scanners.centres import CENTRES, draw_centre


def test_names_and_numbers_are_unique():
    assert len({centre.name for centre in CENTRES}) == len({centre.number for centre in CENTRES}) == len(CENTRES)


def test_chances_go_by_the_square_root_of_the_numbers_of_patients():
    rng = np.random.default_rng(0)
    counts = Counter(draw_centre(rng).name for _ in range(4000))
    weights = np.sqrt([centre.patients for centre in CENTRES])
    drawn = np.array([counts[centre.name] for centre in CENTRES]) / 4000
    assert drawn == pytest.approx(weights / weights.sum(), abs=0.025)


def test_a_patients_scanner_is_near_the_hospitals_average():
    centre, rng = CENTRES[0], np.random.default_rng(0)
    scanners = [centre.scanner_of(rng) for _ in range(200)]
    blurs = np.array([scanner.fwhm_mm for scanner in scanners]) / centre.pet.fwhm_mm
    noises = np.array([scanner.noise for scanner in scanners]) / centre.pet.noise
    assert (blurs >= 0.95).all()
    assert (blurs <= 1.05).all()
    assert (noises.min(), noises.max()) == pytest.approx((0.8, 1.25), abs=0.02)
    assert {scanner.step_suv for scanner in scanners} == {centre.pet.step_suv}
