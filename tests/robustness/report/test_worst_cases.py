"""Worst cases: of each kind and image at the lowest severity."""

from hnseg.robustness.report.worst_cases import worst_cases
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant
from tests.support.made_up_study import made_up_study


def test_the_largest_loss_of_each_kind_and_image():
    found = worst_cases(pair_scores(made_up_study()))
    assert {str(one.variant) for one in found} == {"CT spike 1", "PET spike 1", "CT blur 1", "PET blur 1"}
    assert [one.loss for one in found] == sorted((one.loss for one in found), reverse=True)


def test_a_case_without_a_reference_is_never_the_worst():
    blur = Variant("CT", "blur", 1)
    records = [ScoreRecord("a", "GTVp", BASELINE, 1.0, 0), ScoreRecord("a", "GTVp", blur, 0.0, 0)]
    assert worst_cases(pair_scores(records)) == []
    records += [ScoreRecord("b", "GTVp", BASELINE, 0.8, 900), ScoreRecord("b", "GTVp", blur, 0.7, 900)]
    (worst,) = worst_cases(pair_scores(records))
    assert (worst.case, round(worst.loss, 6)) == ("b", 0.1)
