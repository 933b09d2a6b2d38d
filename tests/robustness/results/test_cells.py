"""Cells of a study: medians by hand, p beside scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control, wilcoxon

from hnseg.robustness.results.cells import cells_of
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant
from tests.support.made_up_study import made_up_study

SPIKE = Variant("CT", "spike", 1)


def cell_of(*cases):
    """Return the cell of cases (baseline Dice, perturbed Dice, mm3)."""
    records = []
    for at, (before, after, mm3) in enumerate(cases):
        records += [
            ScoreRecord(str(at), "GTVp", variant, dice, mm3) for variant, dice in ((BASELINE, before), (SPIKE, after))
        ]
    (cell,) = cells_of(pair_scores(records))
    return cell


def test_medians_over_all_and_over_references_that_are_not_empty():
    cell = cell_of((0.8, 0.5, 900), (0.8, 0.0, 900), (0.0, 0.0, 0), (1.0, 0.0, 0), (0.9, 0.8, 900))
    assert cell.median_delta == pytest.approx(0.3)  # of 0.3, 0.8, 0, 1 and 0.1
    assert cell.median_delta_nonempty == pytest.approx(0.3)
    assert cell.median_relative_delta == pytest.approx(0.375)
    assert (cell.cases, cell.cases_nonempty, cell.complete_failures) == (5, 3, 1)
    assert cell.outcomes == {"found": 2, "missed": 1, "spurious": 2, "both_empty": 0}


def test_an_undefined_score_is_left_out_of_the_median():
    cell = cell_of((0.8, 0.5, 900), (float("nan"), 0.0, 0), (float("nan"), float("nan"), 0))
    assert cell.median_delta == pytest.approx(0.3)


def test_without_a_reference_there_is_no_test():
    cell = cell_of((0.0, 0.0, 0))
    assert (cell.p, cell.q, cell.median_delta_nonempty, cell.stars) == (None, None, None, "ns")


def test_p_is_wilcoxons_and_q_of_all_cells():
    pairs = pair_scores(made_up_study(cases=30))
    cells = cells_of(pairs)
    p = [wilcoxon(np.round(pair.delta[pair.has_reference], 9), method="approx").pvalue for pair in pairs]
    assert [cell.p for cell in cells] == pytest.approx(p, rel=1e-9)
    assert [cell.q for cell in cells] == pytest.approx(false_discovery_control(p), rel=1e-9)
    assert {cell.stars for cell in cells if cell.kind == "spike"} == {"***"}


def test_refused_images_are_counted():
    study = [replace(one, refused=one.variant == SPIKE and one.case < "case_05") for one in made_up_study()]
    refused = {(cell.modality, cell.kind, cell.severity): cell.refused for cell in cells_of(pair_scores(study))}
    assert refused == {key: 5 if key == ("CT", "spike", 1) else 0 for key in refused}


def test_other_measures_have_their_spread():
    cell = cells_of(pair_scores(made_up_study()))[0]
    assert (cell.measures["hd95_mm"].median, cell.measures["hd95_mm"].iqr) == (5.0, 0.0)
