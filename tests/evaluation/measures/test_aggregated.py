"""Score of aggregated Dice, worked out by hand."""

import pytest

from hnseg.evaluation.measures.aggregated import CaseOverlaps, aggregated_report
from hnseg.evaluation.measures.overlap import Overlap

HALF, EXACT, ABSENT = Overlap(1, 0, 2, 1.0), Overlap(4, 0, 0, 1.0), Overlap(0, 0, 0, 1.0)


def test_cases_are_summed_by_structure_and_structures_are_averaged():
    cases = [
        CaseOverlaps("a", {"GTVp": HALF, "GTVn": EXACT}, ("cast",)),
        CaseOverlaps("b", {"GTVp": EXACT, "GTVn": EXACT}, ()),
    ]
    report = aggregated_report("hnts_mrg", ["GTVp", "GTVn"], cases)
    # GTVp: 2 * (1 + 4) / (1 + 3 + 4 + 4).
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(10 / 12)
    assert report.structures["GTVp"]["mean_dsc"] == pytest.approx(0.75)
    assert report.score == pytest.approx((10 / 12 + 1) / 2)
    assert [(case.name, case.notes) for case in report.cases] == [("a", ("cast",)), ("b", ())]
    assert report.cases[0].structures["GTVp"] == HALF.metrics
    assert report.notes == ()


def test_a_structure_in_no_case_leaves_the_score_undefined_with_a_note():
    report = aggregated_report("hnts_mrg", ["GTVp", "GTVn"], [CaseOverlaps("a", {"GTVp": ABSENT, "GTVn": EXACT}, ())])
    assert report.score is None
    (note,) = report.notes
    assert note.startswith("GTVp is in no reference and no prediction")


def test_a_report_without_cases_is_undefined_in_every_structure():
    report = aggregated_report("hnts_mrg", ["GTVp", "GTVn"], [])
    assert report.score is None
    assert [note.split()[0] for note in report.notes] == ["GTVp", "GTVn"]
