"""Regions of recurrences: the published shares, in any set of patients, and no patient that depends on others."""

from __future__ import annotations

from collections import Counter

import pytest

from hnseg.phantom.challenges.recurrence.regions import draw_regions

# Kutnar et al., 2023: where the relapses of 46 patients started
PUBLISHED = {"PET-GTV": 0.55, "GTV": 0.12, "CTV1": 0.17, "CTV2": 0.0, "CTV3": 0.06, "outside": 0.10}


@pytest.mark.parametrize("seed", [0, 1, 9000])
def test_shares_of_2000_patients_are_within_one_percentage_point_of_the_published(seed):
    drawn = [draw_regions(seed, index) for index in range(2000)]
    found = Counter(region for regions in drawn for region in regions)
    assert set(found) <= set(PUBLISHED)
    for region, share in PUBLISHED.items():
        assert found[region] / found.total() == pytest.approx(share, abs=0.01)
    # 60 relapses in 46 patients
    assert found.total() / 2000 == pytest.approx(60 / 46, abs=0.01)
    assert {len(regions) for regions in drawn} == {1, 2, 3}


def test_shares_hold_nearly_for_a_few_patients_anywhere_in_a_set():
    found = Counter(region for index in range(1234, 1434) for region in draw_regions(3, index))
    for region, share in PUBLISHED.items():
        assert found[region] / found.total() == pytest.approx(share, abs=0.06)


def test_the_order_is_random_and_differs_between_seeds_and_blocks():
    orders = [
        [draw_regions(seed, index) for index in range(first, first + 50)] for seed, first in ((0, 0), (1, 0), (0, 100))
    ]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]


def test_a_fixed_number_of_recurrences_leaves_the_first_as_it_was():
    for index in range(60):
        assert len(draw_regions(7, index, 3)) == 3
        assert draw_regions(7, index, 1)[0] == draw_regions(7, index)[0]
