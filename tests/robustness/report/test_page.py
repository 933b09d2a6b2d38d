"""Page of a study: whole, self-contained, escaped, and drawn by a browser."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from hnseg.errors import OutputError
from hnseg.robustness.report.page import as_page, write_report
from hnseg.robustness.report.worst_cases import worst_cases
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.results.summary import summarise
from hnseg.robustness.scores.scores_csv import read_scores
from tests.support.chromium import chromium, find_chromium
from tests.support.made_up_study import made_up_study

RECORDS = made_up_study()
SUMMARY = summarise(RECORDS)


class Tags(HTMLParser):
    """Addresses in a page, and tags that are open at its end."""

    EMPTY = frozenset({"meta", "img"})

    def __init__(self):
        super().__init__()
        self.addresses, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass  # <line/> and the like, which hold no address

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_report_is_a_page_its_json_and_its_scores(tmp_path):
    page = write_report(SUMMARY, RECORDS, tmp_path / "report")
    assert sorted(path.name for path in page.parent.iterdir()) == ["robustness.html", "robustness.json", "scores.csv"]
    assert json.loads((page.parent / "robustness.json").read_text()) == json.loads(SUMMARY.model_dump_json())
    assert summarise(read_scores(page.parent / "scores.csv")) == SUMMARY


def test_the_page_has_no_outside_parts_and_its_tags_are_closed():
    tags = Tags()
    tags.feed(as_page(SUMMARY, RECORDS, {}))
    assert tags.addresses == ["robustness.json", "scores.csv"]
    assert tags.open == []


def test_names_are_escaped():
    records = [replace(one, case=f"<b>{one.case}") for one in RECORDS]
    page = as_page(summarise(records), records, {})
    assert "&lt;b&gt;case_" in page
    assert "<b>case_" not in page


def test_worst_cases_have_their_pictures():
    worst = worst_cases(pair_scores(RECORDS))[0]
    page = as_page(SUMMARY, RECORDS, {(worst.case, worst.variant): b"\x89PNG"})
    assert page.count("data:image/png;base64,iVBORw==") == 1


def test_two_reports_are_the_same_byte_for_byte():
    assert as_page(SUMMARY, RECORDS, {}) == as_page(summarise(made_up_study()), made_up_study(), {})


def test_a_folder_that_cant_be_made_is_told_of(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"The report must be written to .*file/report, but that failed"):
        write_report(SUMMARY, RECORDS, tmp_path / "file" / "report")


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_it_within_the_window(tmp_path, width, dark):
    path = write_report(SUMMARY, RECORDS, tmp_path)
    with chromium() as page:
        page.open(path, width=width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelectorAll('svg rect.box').length") == 16
        strong, weak = (
            page.evaluate(
                f"getComputedStyle(document.querySelectorAll('.map tbody tr')[{row}].cells[1]).backgroundColor"
            )
            for row in (1, 2)
        )
        assert re.match(r"(rgb|color)", strong)
        assert strong != weak
