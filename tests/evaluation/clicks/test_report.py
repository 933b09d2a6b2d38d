"""Report of simulated users: means, curves that go on after the last click, areas."""

from __future__ import annotations

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.clicks.report import area_under, clicks_report, clicks_table, curves_table
from tests.support.simulated_clicks import NONE, measures, write_record


def test_the_table_has_the_means_where_a_measure_is_defined(clicked_folder):
    report = clicks_report("hn_uiseg", clicked_folder)
    assert list(report.table) == ["automatic", "3 clicks"]
    automatic = report.table["automatic"]
    assert automatic["GTVp"]["mean_dsc"] == pytest.approx(0.3)
    assert (automatic["GTVp"]["mean_hd_mm"], automatic["GTVp"]["cases_with_hd"]) == (4.0, 1)
    assert (automatic["GTVn"]["mean_dsc"], automatic["GTVn"]["cases"]) == (0.5, 1)
    assert report.table["3 clicks"]["GTVp"]["mean_dsc"] == pytest.approx(0.7)
    assert clicks_table(report).rows[0] == (
        *("automatic", "GTVp", "0.300", "0.300", "4.0", "1.00", "0.00", "2", "1", "0", "0"),
    )


def test_means_are_over_the_cases_with_the_structure_in_the_reference(clicked_folder):
    invented = {"dsc": 0.0, "nsd": 0.0, "hd_mm": None, "false_positive_ml": 5.0, "false_negative_ml": 0.0}
    missed = {"dsc": 0.0, "nsd": 0.0, "hd_mm": None, "false_positive_ml": 0.0, "false_negative_ml": 2.0}
    write_record(clicked_folder, "c", [(invented, measures(0.5)), (NONE, measures(0.7)), (NONE, missed)])
    write_record(clicked_folder, "d", [(missed, NONE), (measures(0.9), NONE)])
    report = clicks_report("hn_uiseg", clicked_folder)
    assert (report.cases_with, report.cases_with_hd) == ({"GTVp": 3, "GTVn": 2}, {"GTVp": 1, "GTVn": 1})
    primary = report.curves["GTVp"]
    assert primary["dsc"] == pytest.approx(((0.2 + 0.4 + 0.0) / 3, *[(0.6 + 0.8 + 0.9) / 3] * 3))
    assert primary["false_positive_ml"] == pytest.approx(((2 + 5) / 4, 0, 0, 0))
    assert primary["false_negative_ml"] == pytest.approx((2 / 3, 0, 0, 0))
    assert primary["hd_mm"] == (4.0, 4.0, 4.0, 4.0)
    assert report.curves["GTVn"]["dsc"] == pytest.approx((0.5, 0.6, 0.25, 0.25))
    counts = [report.table[row]["GTVp"] for row in ("automatic", "3 clicks")]
    assert [each["cases"] for each in counts] == [3, 3]
    assert [each["cases_with_hd"] for each in counts] == [1, 3]
    assert [(each["other_cases"], each["other_cases_found"]) for each in counts] == [(1, 1), (1, 0)]
    assert report.table["automatic"]["GTVp"]["mean_false_positive_ml"] == pytest.approx(7 / 4)


def test_a_case_that_ended_early_keeps_its_last_values_in_the_curves(clicked_folder):
    report = clicks_report("hn_uiseg", clicked_folder)
    assert report.curves["GTVp"]["dsc"] == pytest.approx((0.3, 0.7, 0.7, 0.7))
    assert report.curves["GTVp"]["false_positive_ml"] == (1.0, 0, 0, 0)
    assert report.areas["GTVp"]["dsc"] == pytest.approx((0.5 + 0.7 + 0.7) / 3)
    assert report.areas["GTVp"]["false_positive_ml"] == pytest.approx(0.5 / 3)
    table = curves_table(report)
    assert table.headings == ("structure", "after clicks", "0", "1", "2", "3", "area")
    assert table.rows[0][:3] == ("GTVp", "DSC", "0.300")


def test_clicks_that_harm_or_change_nothing_are_counted(clicked_folder):
    report = clicks_report("hn_uiseg", clicked_folder)
    assert (report.clicks, report.harmful_clicks, report.ignored_clicks) == (4, 2, 1)
    assert [case.held_back_ml for case in report.cases] == [0.5, 1.5]


def test_clicks_in_each_lesion_are_a_row_of_their_own(clicked_folder):
    steps = [(measures(0.2), NONE), (measures(0.9), NONE)]
    write_record(clicked_folder, "a", steps, file="each_lesion.json", protocol="each-lesion")
    report = clicks_report("hn_uiseg", clicked_folder)
    assert list(report.table) == ["automatic", "each-lesion", "3 clicks"]
    assert report.table["each-lesion"]["GTVp"]["mean_dsc"] == 0.9


def test_an_area_of_an_undefined_point_is_undefined_and_that_of_one_point_is_the_point():
    assert str(area_under([0.5, None])) == "nan"
    assert area_under([0.5]) == 0.5


def test_other_folders_and_mixed_runs_are_refused(clicked_folder, tmp_path):
    with pytest.raises(InputError, match=r"no folder in .* holds clicks\.json"):
        clicks_report("hn_uiseg", tmp_path / "none")
    write_record(clicked_folder, "c", [(NONE, NONE)], has_guard=False)
    with pytest.raises(InputError, match="in the same way, but c was not clicked as a was"):
        clicks_report("hn_uiseg", clicked_folder)
