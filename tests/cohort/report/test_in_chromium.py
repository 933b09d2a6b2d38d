"""Pages in a real browser: they open from disk, sort and filter at once, and fit into a narrow window."""

import random

import pytest

from hnseg.cohort.report.pictures import draw_pictures
from hnseg.cohort.report.writing import write_report
from hnseg.cohort.store import CaseStore
from hnseg.imaging.files.reading import read_volume
from tests.support.chromium import chromium, find_chromium
from tests.support.made_up_cohort import FLAG, LABELS, done, facts, failed, write_statuses
from tests.support.small_challenges import ROOT

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")

CASES = 2000
SORT = """(async () => {
  const button = [...document.querySelectorAll("#cases th button")].find(one => one.textContent === NAME);
  const started = performance.now();
  button.click();
  await new Promise(shown => requestAnimationFrame(() => setTimeout(shown)));
  return performance.now() - started;
})()"""
NAMES = "[...document.querySelectorAll('#cases tbody tr:not([hidden])')].map(row => row.cells[1].textContent)"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """The page of many cases, the first of which has pictures; and the folder of that case."""
    folder, rng = tmp_path_factory.mktemp("cohort"), random.Random(0)
    for number in range(CASES):
        name, flags = f"patient_{number}", [FLAG] if number % 10 == 1 else []
        status = failed(name) if number % 100 == 2 else done(
            name, seconds=rng.uniform(5, 50), facts=facts(GTVp=rng.uniform(0, 30), GTVn=1.0, flags=flags)
        )  # fmt: skip
        write_statuses(folder, status)
    case = ROOT / "test_data" / "hnts_mrg" / "case_000"
    paths = (next(case.glob(pattern)) for pattern in ("input/images/mid-rt-t2w*/*", "expected/images/*/*"))
    draw_pictures(*(read_volume(path, title="image") for path in paths), LABELS, folder / "patient_2" / "report")
    return write_report(CaseStore(folder), LABELS, title="HNTS-MRG 2024"), folder / "patient_2"


@pytest.fixture(scope="module")
def page():
    with chromium() as opened:
        yield opened


def test_two_thousand_cases_sort_in_less_than_a_second(cohort, page):
    page.open(cohort[0])
    assert page.evaluate(NAMES)[:2] == ["patient_2", "patient_102"]  # failed ones
    headings = ("Time", "Memory", "GTVp, ml", "Case")
    taken_ms = {name: page.evaluate(SORT.replace("NAME", repr(name))) for name in headings}
    assert max(taken_ms.values()) < 1000, taken_ms
    names = [f"patient_{number}" for number in range(CASES)]
    assert page.evaluate(NAMES) == names
    page.evaluate(SORT.replace("NAME", "'Case'"))
    assert page.evaluate(NAMES) == names[::-1]


def test_a_number_that_is_not_known_comes_last_in_both_directions(cohort, page):
    page.open(cohort[0])
    for _ in range(2):
        page.evaluate(SORT.replace("NAME", "'GTVp, ml'"))
        assert page.evaluate(NAMES)[-1] == "patient_1902"


@pytest.mark.parametrize(
    ("control", "value", "count"),
    [("status", "failed", 20), ("status", "flagged", 200), ("flag", "volume", 200), ("search", "t2w MUST", 20),
     ("search", "patient_1999", 1), ("search", "more than in the", 200)],
)  # fmt: skip
def test_the_table_is_filtered(cohort, page, control, value, count):
    page.open(cohort[0])
    page.evaluate(
        f"{{ const one = document.getElementById('{control}'); one.value = '{value}';"
        " one.dispatchEvent(new Event('input')); one.dispatchEvent(new Event('change')); }"
    )
    assert len(page.evaluate(NAMES)) == count
    assert page.evaluate("document.getElementById('count').textContent") == f"{count} of {CASES} cases"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_fit_into_a_narrow_window(cohort, page, dark):
    for path in (cohort[0], cohort[1] / "report" / "index.html"):
        page.open(path, width=500, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") <= 500
        brightness = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (brightness == "rgb(18, 22, 28)") is dark


@pytest.mark.parametrize("name", ["", "patient_2/report"], ids=["cohort", "case"])
def test_pictures_are_loaded_from_their_files(cohort, page, name):
    page.open(cohort[0].parent / name / "index.html")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")
    assert page.evaluate("document.images.length") == 1
