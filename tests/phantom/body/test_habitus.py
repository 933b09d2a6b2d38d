"""Builds of patients vary within stated ranges and shrink under treatment."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.phantom.body.habitus import Habitus

DRAWN = [Habitus.draw(np.random.default_rng(seed)) for seed in range(40)]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("girth", 0.96, 1.08), ("fat", 0.7, 1.4), ("gland", 0.85, 1.12), ("muscle", 0.9, 1.12), ("airway", 0.85, 1.2)],
)
def test_each_property_covers_its_range(name, low, high):
    values = np.array([getattr(habitus, name) for habitus in DRAWN])
    assert low <= values.min() < low + 0.2 * (high - low)
    assert high - 0.2 * (high - low) < values.max() <= high


def test_benign_nodes_are_small_and_on_both_sides():
    counts = [len(habitus.benign_nodes) for habitus in DRAWN]
    assert (min(counts), max(counts)) == (5, 10)
    nodes = [node for habitus in DRAWN for node in habitus.benign_nodes]
    assert all(min(radii) == radii[0] and 2.5 <= radii[0] <= 4.5 for _, radii in nodes)
    assert {np.sign(centre[0]) for centre, _ in nodes} == {-1, 1}


def test_treatment_makes_a_patient_thinner_and_glands_smaller():
    for seed, before in enumerate(DRAWN):
        after = before.after_three_weeks(np.random.default_rng(seed))
        assert 0.97 <= after.girth / before.girth <= 1
        assert 0.86 <= after.gland / before.gland <= 0.96
        assert after.fat <= before.fat
        assert abs(after.tongue_mm - before.tongue_mm) <= 2
        assert (after.muscle, after.benign_nodes) == (before.muscle, before.benign_nodes)
