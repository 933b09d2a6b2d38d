"""Picture of the curves: written in both formats, the same bytes each time."""

from __future__ import annotations

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.clicks.picture import draw_curves
from hnseg.evaluation.clicks.report import clicks_report
from tests.support.simulated_clicks import measures, write_record


def test_an_svg_names_the_measures_and_is_the_same_each_time(clicked_folder, tmp_path):
    write_record(clicked_folder, "a", [(measures(0.2), measures(0.1))], file="each_lesion.json", protocol="each-lesion")
    report = clicks_report("hn_uiseg", clicked_folder)
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        draw_curves(report, path)
    text = paths[0].read_text()
    assert text == paths[1].read_text()
    for words in (
        "NSD at 2 mm",
        "false positives (ml)",
        "GTVn, each lesion",
        "2 cases, clicks by depth, with the guard",
    ):
        assert words in text


def test_another_format_is_refused(clicked_folder, tmp_path):
    with pytest.raises(InputError, match=r"must end in \.png or \.svg, found 'curves\.pdf'"):
        draw_curves(clicks_report("hn_uiseg", clicked_folder), tmp_path / "curves.pdf")
