"""Stages, hazard and follow-up, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.challenges.hecktor.outcome import (
    Findings,
    draw_follow_up,
    draw_stages,
    extent_mm,
    hazard_per_day,
    n_stage,
    t_stage,
)

TYPICAL = Findings(primary_mm=30.0, nodes_mm=(25.0,), on_both_sides=False, volume_ml=20.0, tlg=150.0)
WITHOUT = {"hpv_positive": False, "chemotherapy": False, "performance_status": 0}
GRID = Grid((20, 20, 20), (1.0, 2.0, 3.0), (-5.0, 7.0, 11.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


@pytest.mark.parametrize(
    ("primary_mm", "invades", "stage"),
    [(0, False, "T1"), (20, False, "T1"), (20.5, False, "T2"), (40, False, "T2"), (41, False, "T3"), (15, True, "T4")],
)
def test_t_stage_goes_by_the_greatest_extent(primary_mm, invades, stage):
    assert t_stage(primary_mm, invades=invades) == stage


@pytest.mark.parametrize(
    ("nodes_mm", "both", "stage"),
    [
        ((), False, "N0"),
        ((30.0,), False, "N1"),
        ((30.5,), False, "N2"),
        ((12.0, 9.0), False, "N2"),
        ((12.0, 9.0), True, "N2"),
        ((60.0, 9.0), True, "N2"),
        ((61.0,), False, "N3"),
    ],
)
def test_n_stage_goes_by_number_size_and_side(nodes_mm, both, stage):
    assert n_stage(nodes_mm, on_both_sides=both) == stage


def test_stages_are_seldom_off_and_never_by_two():
    rng = np.random.default_rng(0)
    small = replace(TYPICAL, primary_mm=14.0)
    drawn = [draw_stages(rng, small) for _ in range(3000)]
    # T1: 95 % do not invade, 4 % of those are misjudged, half of them downwards, which T1 cannot be.
    assert np.mean([t == "T1" for t, _ in drawn]) == pytest.approx(0.95 * 0.98, abs=0.015)
    # N1: off by one in 4 %
    assert np.mean([n == "N1" for _, n in drawn]) == pytest.approx(0.96, abs=0.015)
    assert {n for _, n in drawn} == {"N0", "N1", "N2"}


def test_large_primaries_invade_more_often():
    rng = np.random.default_rng(0)
    large = replace(TYPICAL, primary_mm=55.0)
    # T4: the 60 % that invade, less the 2 % taken for T3, and of the others, T3, the 2 % taken for T4
    expected = 0.6 * 0.98 + 0.4 * 0.02
    assert np.mean([draw_stages(rng, large)[0] == "T4" for _ in range(3000)]) == pytest.approx(expected, abs=0.03)


def test_hazard_of_a_worked_patient():
    # Typical volume and TLG; N2 is half a stage above typical.
    assert hazard_per_day(TYPICAL, "N2", **WITHOUT) == pytest.approx(np.exp(0.15) / 4200)
    doubled = hazard_per_day(replace(TYPICAL, volume_ml=40.0), "N2", **WITHOUT)
    assert doubled == pytest.approx(2**0.45 * np.exp(0.15) / 4200)
    treated = hazard_per_day(TYPICAL, "N2", hpv_positive=True, chemotherapy=True, performance_status=2)
    assert treated == pytest.approx(np.exp(0.15 - 0.9 - 0.35 + 0.5) / 4200)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((TYPICAL, "N1", {}), (replace(TYPICAL, volume_ml=60.0), "N1", {})),
        ((TYPICAL, "N1", {}), (replace(TYPICAL, tlg=600.0), "N1", {})),
        ((TYPICAL, "N1", {}), (TYPICAL, "N3", {})),
        ((TYPICAL, "N1", {"hpv_positive": True}), (TYPICAL, "N1", {})),
        ((TYPICAL, "N1", {"chemotherapy": True}), (TYPICAL, "N1", {})),
        ((TYPICAL, "N1", {}), (TYPICAL, "N1", {"performance_status": 2})),
    ],
    ids=["volume", "tlg", "n_stage", "hpv", "chemotherapy", "performance"],
)
def test_hazard_rises_with_worse_findings(better, worse):
    low, high = (hazard_per_day(findings, n, **{**WITHOUT, **known}) for findings, n, known in (better, worse))
    assert low < high


def test_nothing_found_has_the_hazard_of_one_millilitre():
    nothing = Findings(0.0, (), False, 0.0, 0.0)
    least = replace(nothing, volume_ml=1.0, tlg=1.0)
    assert hazard_per_day(nothing, "N0", **WITHOUT) == hazard_per_day(least, "N0", **WITHOUT) > 0


def test_follow_up_is_exponential_until_it_ends_between_three_and_seven_years():
    rng, hazard = np.random.default_rng(0), 1 / 1500
    drawn = [draw_follow_up(rng, hazard) for _ in range(4000)]
    years = np.array([one.days for one in drawn]) / 365.25
    relapse = np.array([one.has_relapsed for one in drawn])
    # By two years nobody has left: 1 - exp(-h t) have relapsed.
    assert (years[relapse] <= 2).mean() * relapse.mean() == pytest.approx(1 - np.exp(-2 * 365.25 * hazard), abs=0.03)
    assert years[~relapse].min() >= 2.99
    assert years.max() <= 7.01
    # All who relapse before a last visit that is uniform over three to seven years
    a, b = 3 * 365.25, 7 * 365.25
    expected = 1 - (np.exp(-hazard * a) - np.exp(-hazard * b)) / (hazard * (b - a))
    assert relapse.mean() == pytest.approx(expected, abs=0.03)


def test_extent_of_a_bar_is_its_length():
    mask = np.zeros(GRID.shape_zyx, dtype=bool)
    mask[4, 5, 3:13] = True
    # Nine steps of 1 mm between the outermost centres, and a voxel's average width of 2 mm
    assert extent_mm(mask, GRID) == pytest.approx(9 + 2)
    mask[4:8, 5, 3:13] = True
    assert extent_mm(mask, GRID) == pytest.approx(np.hypot(9, 9) + 2)


def test_extent_of_little_or_nothing():
    mask = np.zeros(GRID.shape_zyx, dtype=bool)
    assert extent_mm(mask, GRID) == 0
    assert extent_mm(mask[:0, :0, :0], GRID) == 0
    mask[1, 1, 1] = True
    assert extent_mm(mask, GRID) == pytest.approx(2.0)


def test_extent_of_a_ball_is_its_diameter():
    z, y, x = np.ogrid[-10:10, -10:10, -10:10]
    fine = Grid((20, 20, 20), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert extent_mm(x**2 + y**2 + z**2 <= 8**2, fine) == pytest.approx(17, abs=0.01)
