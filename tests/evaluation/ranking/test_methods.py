"""Names and signs of the metrics that teams are compared by."""

import pytest

from hnseg.evaluation.files.scores_csv import METRICS
from hnseg.evaluation.ranking.methods import DSC, HD95, METHODS, signs_of


@pytest.mark.parametrize(("metric", "key", "title"), [(DSC, "DSC", "DSC"), (HD95, "HD95_mm", "HD95 (mm)")])
def test_a_unit_stands_in_the_key_and_in_the_heading(metric, key, title):
    assert (metric.key, metric.title) == (key, title)


def test_more_dice_and_less_distance_is_better():
    assert signs_of((HD95, DSC)).tolist() == [[-1.0], [1.0]]


def test_han_seg_ranks_by_both_metrics_that_score_files_hold():
    assert METHODS["han-seg"].metrics == (DSC, HD95)
    assert {metric.name for metric in METHODS["han-seg"].metrics} == set(METRICS.values())
