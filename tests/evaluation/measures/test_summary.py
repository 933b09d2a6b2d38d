"""Summaries, and the footers of the challenge's own tables from their rows."""

from math import isnan, nan

import numpy as np
import pytest

from hnseg.evaluation.measures.summary import MeanSd, average, mean_sd_of, median_iqr_of

# Podobnik et al. 2024, Tables 2 and 3: mean and SD of the winner, eli1, for the 30 organs in the order of their labels.
DSC_PERCENT = """
82.8±5.1 85.2±3.3 59.9±14.3 94.3±1.7 88.5±4.7 69.1±8.9 89.4±4.6 73.4±10.1 74.1±10.6 64.5±11.4
63.1±13.2 76.6±7.5 78.5±7.2 92.0±2.0 91.2±1.6 60.8±14.8 61.9±15.2 85.7±8.2 84.5±6.5 88.3±4.7
75.0±6.9 80.9±5.1 74.0±8.0 44.6±8.6 67.7±11.8 72.5±7.5 86.7±2.2 85.7±3.7 73.6±9.2 83.3±2.4
"""
HD95_MM = """
3.5±4.6 2.7±4.6 3.0±1.4 1.3±0.8 3.9±2.1 5.3±2.4 5.3±2.6 1.4±0.7 1.9±0.9 6.4±3.5
8.0±4.9 2.3±0.6 2.3±1.2 1.9±0.5 1.9±0.6 3.9±1.7 3.7±1.9 3.1±2.4 3.9±2.8 2.6±2.0
2.8±1.2 3.5±1.2 6.5±3.2 4.2±1.7 2.6±1.5 2.7±1.9 5.1±2.6 5.3±3.1 2.1±0.7 2.6±2.4
"""


@pytest.mark.parametrize(("rows", "footer"), [(DSC_PERCENT, "76.9±8.4"), (HD95_MM, "3.5±2.4")], ids=["DSC", "HD95"])
def test_the_footer_of_the_challenges_table_follows_from_its_rows(rows, footer):
    organs = [MeanSd(*map(float, row.split("±"))) for row in rows.split()]
    assert len(organs) == 30
    overall = average(organs)
    assert f"{overall.mean:.1f}±{overall.sd:.1f}" == footer


def test_structures_count_alike_and_their_differences_are_no_spread():
    assert average([MeanSd(0.9, 0.3), MeanSd(0.1, 0.4)]) == MeanSd(pytest.approx(0.5), pytest.approx(0.125**0.5))


def test_an_undefined_value_of_a_structure_is_left_out_of_the_average():
    assert average([MeanSd(0.5, nan), MeanSd(nan, nan), MeanSd(0.7, 0.2)]) == MeanSd(pytest.approx(0.6), 0.2)
    nothing = average([])
    assert isnan(nothing.mean)
    assert isnan(nothing.sd)


def test_the_standard_deviation_is_that_of_a_sample():
    assert mean_sd_of(np.array([1.0, 2.0, 3.0, 4.0])) == MeanSd(2.5, pytest.approx((5 / 3) ** 0.5))


def test_one_value_has_a_mean_and_no_deviation():
    assert mean_sd_of(np.array([2.0])).mean == 2.0
    assert isnan(mean_sd_of(np.array([2.0])).sd)
    assert isnan(mean_sd_of(np.empty(0)).mean)


def test_median_and_interquartile_range():
    middle = median_iqr_of(np.array([9.0, 1.0, 2.0, 4.0, 3.0]))
    assert (middle.median, middle.iqr) == (3.0, 2.0)
    assert isnan(median_iqr_of(np.empty(0)).median)
