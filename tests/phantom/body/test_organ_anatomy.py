"""The anatomy of all organs at risk: the common one with the missing organs added."""

from __future__ import annotations

from collections import Counter

from hnseg.phantom.body.anatomy import structures_of
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.organ_anatomy import METAL_SITES, ORGAN_GROUPS, body_of

AVERAGE = Habitus(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, ())
NAMES = [structure.name for structure in body_of(AVERAGE)]


def test_the_common_anatomy_is_kept_in_its_order():
    replaced = {"Brainstem", "FourthVentricle", "Lips", "Oesophagus", "OesophagusMucosa"}
    common = [structure.name for structure in structures_of(AVERAGE) if structure.name not in replaced]
    positions = iter(NAMES)
    assert all(name in positions for name in common)


def test_replaced_structures_are_there_once_or_not_at_all():
    counts = Counter(NAMES)
    assert [counts[name] for name in ("Brainstem", "FourthVentricle", "Oesophagus", "OesophagusMucosa")] == [1] * 4
    assert counts["Lips"] == 0
    assert counts["LipUpper"] == counts["LipLower"] == 1


def test_organs_that_vary_together_are_structures_of_the_body():
    grouped = [name for group in ORGAN_GROUPS for name in group]
    assert set(grouped) <= set(NAMES)
    assert max(Counter(grouped).values()) == 1


def test_metal_sites_are_teeth_of_both_sides():
    assert {(-x, y, z) for x, y, z in METAL_SITES} == set(METAL_SITES)
    teeth = [s for s in body_of(AVERAGE) if s.name.startswith(("LowerTeeth", "UpperTeeth"))]
    boxes = [shape.bounds_mm() for structure in teeth for shape in structure.shapes]
    for site in METAL_SITES:
        assert any(all(a <= v <= b for a, v, b in zip(low, site, high, strict=True)) for low, high in boxes)
