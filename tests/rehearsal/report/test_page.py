import json
import math
import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest

from hnseg.errors import OutputError
from hnseg.platform.challenge import load_challenge
from hnseg.rehearsal.cases import CaseFolder
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report import page as page_module
from hnseg.rehearsal.report.page import Figures, as_page, check_report, write_report
from hnseg.rehearsal.report.summary import summary_of
from hnseg.rehearsal.results import CaseResult
from tests.support.answering.spec import EDITIONS
from tests.support.chromium import chromium, find_chromium
from tests.support.small_challenges import ROOT
from tests.support.small_rehearsal import PROVENANCE, copying_runner, no_progress


@pytest.fixture
def report(small_request, tmp_path):
    """Rehearse with a runner, write the report, and return the page's path and the result."""

    def write(runner, request=small_request):
        result = rehearse(request, runner, no_progress)
        return write_report(request, result, tmp_path / "report"), result

    return write


def test_the_page_needs_nothing_from_outside(report):
    page, _ = report(copying_runner())
    html = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", html)
    assert not re.search(r"https?://|//cdn|@import|url\(", html)
    assert html.count("<script") == 1  # ours, which its checksum in the policy permits, and no other


def test_the_page_shows_verdict_picture_scores_limits_gaps_and_log(report):
    page, result = report(copying_runner())
    html = page.read_text(encoding="utf-8")
    shown = (
        result.verdict, "data:image/png;base64,iVBOR", "mean DSCagg 1.0000", "Mean DSC",
        "Structures, over 1 case",
        "Something was not imitated.", "&lt;script&gt;alert(1)&lt;/script&gt;", "Nothing was given up.", "torch 9.9",
        "SIGKILL after 5 s", "2025-11-15", "chosen for this rehearsal",
        "The rules of the profile exec", "stricter: read-only", "not imitated",
    )  # fmt: skip
    assert [text for text in shown if text not in html] == []


def test_a_failed_case_has_its_sentence_on_the_page_and_no_picture(report):
    page, result = report(copying_runner(exit_code=1, stderr="The T2w is <broken>.\n"))
    html = page.read_text(encoding="utf-8")
    assert not result.passed
    assert "<q>The T2w is &lt;broken&gt;.</q>" in html
    assert "data:image/png" not in html


def with_registration(**changed):
    """A copying runner whose provenance has the record of a registration of the two T2w."""
    record = {
        "fixed": "mid-rt-t2w-head-neck", "moving": "registered-pre-rt-head-neck", "status": "registered", "reason": "",
        "seconds": 4.25, "matrix": np.eye(3).tolist(), "offset_mm": [0.0, 0.0, 0.0],
    }  # fmt: skip
    return copying_runner(provenance=PROVENANCE | {"registration": record | changed})


def test_a_registration_is_drawn_with_a_caption(report):
    page, result = report(with_registration())
    html = page.read_text(encoding="utf-8")
    assert "registered pre-RT T2w laid on the mid-RT T2w in 4.2 s: mid-RT T2w grey, registered pre-RT T2w amber" in html
    assert html.count("data:image/png;base64,") == 2
    assert result.cases[0].provenance["registration"]["seconds"] == 4.25


@pytest.mark.parametrize(("status", "pictures"), [("rejected", 2), ("not_attempted", 1)])
def test_a_refused_registration_has_its_reason_in_the_caption(report, status, pictures):
    page, _ = report(with_registration(status=status, reason="the <moving> image is constant"))
    html = page.read_text(encoding="utf-8")
    assert "registered pre-RT T2w not used, because the &lt;moving&gt; image is constant." in html
    assert '<span class="badge warn">refused</span>' in html
    assert html.count("data:image/png;base64,") == pictures


@pytest.mark.parametrize("changed", [{"moving": "t1"}, {"matrix": np.ones((3, 3)).tolist()}, {"seconds": "x"}], ids=str)
def test_a_record_of_something_else_is_passed_over(report, changed):
    page, result = report(with_registration(**changed))
    assert result.passed
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 1


def test_flags_of_structures_are_on_the_page_with_the_word_for_their_kind(report):
    flag = {"kind": "side", "structure": "GTVp", "sentence": "GTVp lies to the <right>."}
    page, _ = report(copying_runner(provenance=PROVENANCE | {"structure_flags": [flag]}))
    assert '<span class="badge warn">on the wrong side</span> GTVp lies to the &lt;right&gt;.' in page.read_text()
    plain, _ = report(copying_runner())
    assert "Compared with the training data" not in plain.read_text()


def with_crop(**changed):
    """A copying runner whose provenance has the record of a crop of the 40 x 36 x 10 voxels."""
    record = {"index_xyz": [4, 4, 1], "size_xyz": [30, 28, 8], "why": "head & neck, found in the CT"} | changed
    return copying_runner(provenance=PROVENANCE | {"crop": record})


def test_a_crop_is_drawn_and_in_the_legend(report):
    page, _ = report(with_crop())
    html = page.read_text(encoding="utf-8")
    assert "<span>dashed: crop, head &amp; neck, found in the CT</span>" in html


@pytest.mark.parametrize("changed", [{"size_xyz": [37, 28, 8]}, {"index_xyz": "x"}], ids=["outside", "malformed"])
def test_a_crop_that_can_not_be_is_passed_over(report, changed):
    page, result = report(with_crop(**changed))
    assert result.passed
    assert "dashed: crop" not in page.read_text(encoding="utf-8")


def test_many_structures_are_folded_away_under_the_lowest(report):
    _, result = report(copying_runner())
    (case,) = result.cases
    structures = {f"organ {n}": {"dsc": n / 10, "hd95_mm": math.inf} for n in range(9)}
    many = result.model_copy(update={"cases": (case.model_copy(update={"structures": structures}),)})
    html = " ".join(as_page(many, Figures({}, {}), {1: "organ 1"}).split())
    assert "<summary>9 structures; the lowest DSC: organ 0 0.000, organ 1 0.100, organ 2 0.200</summary>" in html
    assert '<td class="number">∞</td>' in html


def many_cases(result, count, *, failed=()):
    """A rehearsal of copies of a case, of which those of some numbers failed."""
    (case,) = result.cases
    changed = {True: {}, False: {"passed": False, "structures": {}, "output_file": None}}
    cases = [case.model_copy(update={"name": f"case_{n:03d}", **changed[n not in failed]}) for n in range(count)]
    return result.model_copy(update={"cases": tuple(cases), "passed": not failed})


def test_of_many_cases_the_failed_ones_are_linked_and_the_others_folded_away(report):
    _, result = report(copying_runner())
    html = as_page(many_cases(result, 200, failed={7, 67}), Figures({}, {}), {1: "GTVp", 2: "GTVn"})
    first = html[: html.index("<h2>Cases</h2>")]
    assert re.findall(r'<a href="#(case_\d+)">', first) == ["case_007", "case_067"]
    sections = re.findall(r'<section class="card case" id="(case_\d+)">\s*(<\w+)', html)
    assert len(sections) == 200
    assert {name for name, tag in sections if tag != "<details"} == {"case_007", "case_067"}
    few = as_page(many_cases(result, 5), Figures({}, {}), {1: "GTVp", 2: "GTVn"})
    assert not re.search(r'<section class="card case" id="case_\d+">\s*<details', few)


def test_of_many_cases_those_of_the_lowest_scores_are_drawn(report):
    _, result = report(copying_runner())
    many = many_cases(result, 60, failed={0})
    cases = [
        case.model_copy(update={"structures": {"GTVp": {"dsc": 1 - n / 100}}}) if case.passed else case
        for n, case in enumerate(many.cases)
    ]
    undrawn = page_module._left_undrawn(many.model_copy(update={"cases": tuple(cases)}))
    assert sorted(case.name for case in undrawn) == [f"case_{n:03d}" for n in range(1, 20)]


def test_a_pet_is_laid_over_the_ct_of_the_output():
    folder = ROOT / "test_data" / "hecktor" / "case_000"
    case = CaseFolder("case_000", folder / "input", folder / "expected")
    spec = load_challenge(ROOT / "containers" / "hecktor").spec
    output = next((folder / "expected" / spec.output.relative_path).iterdir())
    found = CaseResult.model_construct(
        name=case.name, passed=True, output_file=str(output.relative_to(folder / "expected")), provenance=None
    )
    request = SimpleNamespace(spec=spec, case=lambda _: case, output_dir=lambda _: folder / "expected")
    picture = page_module._picture(request, found)
    assert picture.pet_scale.words == "PET in SUV, 0 to 10 and more"


def test_the_summary_of_the_page_can_be_pasted(report):
    page, result = report(copying_runner())
    (pasted,) = re.findall(r'<pre id="summary">(.*?)</pre>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert unescape(pasted) == summary_of(result)


def test_rows_of_other_measures_have_headings_of_their_own(report):
    _, result = report(copying_runner())
    (case,) = result.cases
    structures = {"GTVp": {"dsc": 0.5}, "GTVn": {"dsc": 0.25}, "origin 1": {"reference_cc": 7.0, "captured": 1}}
    other = result.model_copy(update={"cases": (case.model_copy(update={"structures": structures}),)})
    page = as_page(other, Figures({}, {}), {1: "GTVp"})
    tables = re.findall(r'<div class="wide"><table>\s*<tr><th>Structure</th>.*?</table></div>', page, re.DOTALL)
    assert [re.findall(r">([^<>]+)</t[hd]>", table) for table in tables] == [
        ["Structure", "DSC", "GTVp", "0.500", "GTVn", "0.250"],
        ["Structure", "reference, cc", "captured", "origin 1", "7.00", "1"],
    ]
    assert page.count("<table") == page.count("</table>")


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
def test_the_table_of_many_means_fits_into_a_window(report, tmp_path):
    _, result = report(copying_runner())
    names = ("dsc", "nsd", "hd_mm", "false_positive_ml", "false_negative_ml")
    means = {f"{kind}_{name}": 37.8125 for name in names for kind in ("mean", "sd")}
    structures = {"GTVp": {**means, "cases": 5, "cases_with_hd": 5}, "GTVn": dict.fromkeys((*means, "cases"))}
    many = result.model_copy(update={"score": result.score.model_copy(update={"structures": structures})})
    path = tmp_path / "many.html"
    path.write_text(as_page(many, Figures({}, {}), {1: "GTVp", 2: "GTVn"}), encoding="utf-8")
    with chromium() as page:
        page.open(path, width=1000)
        assert page.evaluate(
            "(card => card.scrollWidth <= card.clientWidth)(document.querySelector('.many').parentElement)"
        )
        page.open(path, width=500)  # where the table scrolls, and not the page
        assert page.evaluate("document.documentElement.scrollWidth") <= 500


def test_answers_are_beside_the_expected_ones(report, small_request, case_dir):
    (case_dir / "expected/stage.json").write_text('"T1"')
    (case_dir / "expected/more").mkdir()
    (case_dir / "expected/more/volume.json").write_text("1234567.125")
    runner = copying_runner(files={"stage.json": '"T2"', "more/volume.json": "812.5"})
    page, _ = report(runner, replace(small_request, spec=EDITIONS["asking"]))
    html = page.read_text(encoding="utf-8")
    assert "<tr><th>Answer</th><th>Given</th><th>Expected</th></tr>" in html
    assert "<tr><td>stage</td><td>T2</td><td>T1</td></tr>" in html
    assert "<tr><td>volume</td><td>812.5</td><td>1.23457e+06</td></tr>" in html


def test_a_missing_answer_has_the_platforms_sentence_on_the_page(report, small_request):
    page, _ = report(copying_runner(), replace(small_request, spec=EDITIONS["asking"]))
    assert "<q>Output file &#39;stage.json&#39; was not produced</q>" in page.read_text(encoding="utf-8")


def test_a_picture_that_can_not_be_drawn_has_a_sentence_in_its_place(report, case_dir):
    moving = next((case_dir / "input/images/registered-pre-rt-head-neck").iterdir())
    moving.write_bytes(b"broken on purpose")
    page, result = report(with_registration())
    assert result.passed
    html = page.read_text(encoding="utf-8")
    assert "Not drawn: The registered pre-RT T2w must be" in html
    assert html.count("data:image/png;base64,") == 1


def hostile_provenances():
    """Provenances of any form, each of which leaves the rest of the report as it is."""
    deep = []
    for _ in range(30):
        deep = [deep]
    return [
        {"notes": 7},
        {"notes": {"a": ["b"]}},
        {"notes": [deep, None, 1.5, "<script>alert(2)</script>\x1b[2J\ud800"]},
        {"versions": ["torch"]},
        {"versions": {"torch": None, "<b>": "\udfff"}},
        {"crop": 10**400, "registration": deep},
        {"crop": {"index_xyz": [10**400] * 3, "size_xyz": [1] * 3}},
        {"\ud800": math.nan, "big": 10**4000},
    ]


@pytest.mark.parametrize("provenance", hostile_provenances(), ids=range(len(hostile_provenances())))
def test_a_provenance_of_any_form_leaves_the_report_as_it_is(report, tmp_path, provenance):
    page, result = report(copying_runner(provenance=provenance))
    assert result.passed
    html = page.read_text(encoding="utf-8")
    written = (tmp_path / "report/rehearsal.json").read_text(encoding="utf-8")
    json.loads(written, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert "data:image/png;base64," in html
    assert html.count("<script") == 1  # ours, which its checksum in the policy permits, and no other
    assert not [character for character in html + written if not character.isprintable() and character not in "\n"]


def test_names_that_are_markup_are_text_on_the_page(report):
    odd = {"<img src=x onerror=alert(1)>": "x", "a\n\x1b[31m": "x", "[/b]&'": "x"}
    page, result = report(copying_runner(files=odd))
    html = page.read_text(encoding="utf-8")
    (finding,) = result.cases[0].findings
    assert "a\\n\\x1b[31m" in finding.explanation
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img src=x" not in html


def test_a_report_that_can_not_be_written_is_refused(small_request, tmp_path):
    result = rehearse(small_request, copying_runner(), no_progress)
    (tmp_path / "report").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"The report must be written to .*report, but that failed"):
        write_report(small_request, result, tmp_path / "report")


def test_a_report_in_a_folder_that_is_not_utf_8_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"path in UTF-8, but .*caf\\udce9 is not"):
        check_report(tmp_path / "caf\udce9")
