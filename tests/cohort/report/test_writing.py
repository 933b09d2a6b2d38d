import csv
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest

from hnseg.cohort.report.writing import write_report
from hnseg.cohort.store import CaseStore
from hnseg.errors import OutputError
from tests.support.made_up_cohort import LABELS, done, facts, failed, write_statuses

NAMES = ["a", "b c", "d#1", '<i>"&']


def report(folder, *, flat=False):
    return write_report(CaseStore(folder, flat=flat), LABELS, title="HNTS-MRG 2024")


def pages_of(folder):
    return {path.parent.parent.name: path for path in folder.glob("*/report/index.html")}


def links_in(page):
    """The files that a page links to, as the system names them."""
    addresses = re.findall(r'(?:href|src)="([^"#]+)"', page.read_text(encoding="utf-8"))
    return [page.parent / unquote(address) for address in addresses]


def test_every_link_leads_to_a_file(tmp_path):
    write_statuses(tmp_path, *(done(name, outputs={}) for name in NAMES), failed("e"))
    for name in NAMES:
        (tmp_path / name / "report" / "overlay.png").write_bytes(b"")
        (tmp_path / name / "report" / "thumbnail.png").write_bytes(b"")
    index = report(tmp_path)
    assert index == tmp_path / "index.html"
    pages = [index, *pages_of(tmp_path).values()]
    assert len(pages) == 1 + len(NAMES) + 1
    assert [link for page in pages for link in links_in(page) if not link.is_file()] == []
    assert len(links_in(index)) == 1 + 3 * len(NAMES) + 2  # the table; a picture and two links a case


def test_previous_and_next_are_those_by_name(tmp_path):
    write_statuses(tmp_path, done("c"), done("a"), failed("b"))
    report(tmp_path)
    html = pages_of(tmp_path)["b"].read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+)" rel="(prev|next)"', html) == [
        ("../../a/report/index.html", "prev"),
        ("../../c/report/index.html", "next"),
    ]


def test_the_table_has_a_row_a_case_and_a_column_a_structure(tmp_path):
    write_statuses(tmp_path, done("b"), failed("c"), done("a", facts=facts(GTVp=1.0, other=2.0)))
    report(tmp_path)
    with (tmp_path / "cohort.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["a", "b", "c"]
    assert [row["volume_ml other"] for row in rows] == ["2.0", "", ""]
    assert "volume_ml GTVn" in rows[0]


def test_only_pages_whose_content_changed_are_written_again(tmp_path):
    write_statuses(tmp_path, *(done(name) for name in "abcd"))
    report(tmp_path)

    def stamps():
        return {name: path.stat().st_mtime_ns for name, path in pages_of(tmp_path).items()}

    before = stamps()
    report(tmp_path)
    assert stamps() == before
    write_statuses(tmp_path, done("a", seconds=11.0))
    report(tmp_path)
    assert {name for name, stamp in stamps().items() if stamp != before[name]} == {"a"}
    write_statuses(tmp_path, done("e"))  # the one before it now has a next one
    report(tmp_path)
    assert {name for name, stamp in stamps().items() if stamp != before.get(name)} == {"a", "d", "e"}


def test_many_runs_may_write_at_once_and_nothing_provisional_stays(tmp_path):
    write_statuses(tmp_path, *(done(f"case {number}") for number in range(20)))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: report(tmp_path), range(8)))
    assert len(pages_of(tmp_path)) == 20
    assert [path for path in tmp_path.rglob("*") if "unfinished" in path.name] == []


def test_a_flat_cohort_has_its_pages_in_the_hidden_folder(tmp_path):
    write_statuses(tmp_path / ".cohort", done("a", outputs=dict.fromkeys(["a.nii.gz"], done().inputs["t2w"])))
    (tmp_path / "a.nii.gz").write_bytes(b"")
    index = report(tmp_path, flat=True)
    (page,) = pages_of(tmp_path / ".cohort").values()
    links = [link.resolve() for link in links_in(page)]
    assert tmp_path.resolve() / "a.nii.gz" in links
    assert index.resolve() in links
    assert [link for link in links_in(index) if not link.is_file()] == []


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / ".cohort").write_text("a file in the way")
    with pytest.raises(OutputError, match="report must be written to"):
        report(tmp_path)
