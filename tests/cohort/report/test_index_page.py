import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hnseg.cohort.flags import Flag
from hnseg.cohort.report.index_page import Summary, as_index_page, chips_of
from tests.support.made_up_cohort import FLAG, done, facts, failed, row

OUT = Path("out")


def page(*statuses, structures=("GTVp", "GTVn"), title="HNTS-MRG 2024"):
    return as_index_page([row(status) for status in statuses], structures, OUT, title=title, csv_file="cohort.csv")


class Elements(HTMLParser):
    """Elements of a page by their tags, each with its attributes; one that is not closed is no fault of HTML."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


def test_the_page_needs_nothing_from_outside():
    html = page(done(), failed())
    assert not re.search(r"https?://|//cdn|@import|url\(", html)
    assert {"link", "iframe", "object"} & {tag for tag, _ in Elements(html).found} == set()
    assert [attributes for attributes in Elements(html).of("script") if attributes] == []


def test_cases_to_look_at_come_first():
    html = page(done("plain"), done("odd", facts=facts(GTVp=99.0, flags=[FLAG])), failed("broken"))
    links = [attributes["href"] for attributes in Elements(html).of("a") if "aria-label" in attributes]
    assert links == [f"{name}/report/index.html" for name in ("broken", "odd", "plain")]
    statuses = [attributes["data-status"] for attributes in Elements(html).of("tr") if "data-status" in attributes]
    assert statuses == ["failed", "flagged", "plain"]


def test_a_row_has_what_it_is_sorted_and_searched_by():
    html = page(done(facts=facts(GTVp=9.5, flags=[FLAG])))
    values = [attributes["data-v"] for attributes in Elements(html).of("td") if "data-v" in attributes]
    assert values == ["1.998", "10.0", "2.5", "9.5", ""]
    assert f'title="{FLAG["sentence"]}"' in html
    assert 'data-flags="volume"' in html


def test_many_structures_have_no_columns():
    assert "GTVp, ml" in page(done())
    assert ", ml<" not in page(done(), structures=[f"organ {number}" for number in range(5)])


def test_names_and_sentences_of_other_origin_are_only_text():
    evil = '"><script>alert(1)</script>'
    flag = FLAG | {"structure": evil, "sentence": evil}
    html = page(done(evil, facts=facts(flags=[flag])), failed("b", evil), title=evil, structures=(evil,))
    assert len(Elements(html).of("script")) == 2  # both are ours
    assert "alert(1)</" not in html.replace("&lt;/", "")


def test_a_picture_is_shown_where_there_is_one(tmp_path):
    status = done("a #1")
    (tmp_path / status.case / "report").mkdir(parents=True)
    (tmp_path / status.case / "report" / "thumbnail.png").write_bytes(b"")
    html = as_index_page([row(status, tmp_path), row(done("b"), tmp_path)], (), tmp_path, title="", csv_file="c")
    (picture,) = Elements(html).of("img")
    assert picture["src"] == "a%20%231/report/thumbnail.png"
    assert picture["loading"] == "lazy"


def test_the_summary_counts_and_measures():
    statuses = [done(seconds=10, ended_s=10), done("b", seconds=30, ended_s=100), failed()]
    summary = Summary.of([row(status) for status in statuses])
    assert (summary.total, summary.done, summary.failed, summary.flagged) == (3, 2, 1, 1)
    assert (summary.median_s, summary.span_s) == (20, 100)


def test_a_page_without_a_case_is_a_page():
    assert Summary.of([]).span_s is None
    assert "0 cases" in page()


@pytest.mark.parametrize(
    ("names", "words"),
    [([""], "unusual volume"), (["A", "A"], "unusual volume: A"), ("ABCD", "unusual volume: A, B and 2 more")],
)
def test_flags_of_a_kind_share_a_label(names, words):
    flags = [Flag(kind="volume", structure=name, sentence=f"{name}.") for name in names]
    other = Flag(kind="effort", sentence="Less.")
    first, second = chips_of([*flags, other])
    assert first.words == words
    assert first.title == "\n".join(f"{name}." for name in names)
    assert second.words == "less effort"
