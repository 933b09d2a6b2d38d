"""Page of a comparison."""

from __future__ import annotations

from hnseg.cli.recurrence.page import as_page
from hnseg.cli.recurrence.pictures import PatientPicture


def test_the_page_has_tables_the_curve_and_pictures_and_escapes_names(comparison):
    page = as_page(comparison, [PatientPicture("a&b", (0.5, None), b"png")])
    assert page.count("<table") == 4
    assert page.count("data:image/png;base64,") == 2
    assert "a&amp;b: DSC &lt;net&gt; 0.50, none undefined" in page
    assert "<net>" not in page
    assert "3 patients, 2 methods" in page


def test_without_a_picture_there_is_no_legend(comparison):
    assert "reference, filled" not in as_page(comparison, [])
