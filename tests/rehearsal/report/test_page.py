import json
import math
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.colors import to_rgb

from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.colours import colours_of
from hnseg.rehearsal.report.overlay import draw_case
from hnseg.rehearsal.report.page import Figures, as_page, write_report
from hnseg.rehearsal.report.table import cases_table
from hnseg.rehearsal.results import CaseResult, Rehearsal
from hnseg.rehearsal.running.process import ProcessSetup, run_process
from hnseg.rehearsal.running.runners import Runner

COPY_PRIOR = """
import json, shutil, sys
from pathlib import Path
input_dir, output_dir = Path(sys.argv[2]), Path(sys.argv[4])
folder = output_dir / "images/mri-head-neck-segmentation"
folder.mkdir(parents=True)
print("<script>alert(1)</script>")
shutil.copy(next((input_dir / "images/registered-pre-rt-head-neck-segmentation").glob("*")), folder / "output.mha")
print(json.dumps({"versions": {"torch": "9.9"}, "notes": ["Nothing was given up."]}))
"""


@pytest.fixture
def report(small_request, tmp_path):
    """Rehearse a program, write the report and return its folder and the result."""

    def write(program):
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        setup = ProcessSetup((sys.executable, str(file)), tmp_path, small_request.profile, cuts_network=False, gpus=0)
        runner = Runner("process", lambda work: run_process(setup, work), gaps=("Something was not imitated.",))
        result = rehearse(small_request, runner, lambda _: None)
        return write_report(small_request, result, tmp_path / "report"), result

    return write


def test_the_json_file_holds_everything_under_its_documented_names(report):
    page, result = report(COPY_PRIOR)
    text = (page.parent / "rehearsal.json").read_text(encoding="utf-8")
    assert Rehearsal.model_validate_json(text) == result
    written = json.loads(text)
    assert list(written) == [
        "schema_version", "created", "hnseg_version", "challenge", "title", "passed", "verdict", "engine", "image",
        "model", "machine", "limits", "gaps", "findings", "cases", "score",
    ]  # fmt: skip
    assert list(written["cases"][0]) == [
        "name", "passed", "platform_says", "findings", "time_s", "time_limit_s", "startup_s", "exit_code", "timed_out",
        "memory_killed", "peak_program_gib", "peak_total_gib", "memory_source", "peak_vram_gib", "output_file",
        "has_reference", "structures", "answers", "provenance", "stdout_tail", "stderr_tail",
    ]  # fmt: skip
    # The case's reference is its prior mask, so copying that is perfect.
    assert written["score"]["score"] == 1
    assert written["cases"][0]["structures"]["GTVp"]["dsc"] == 1


def test_every_field_of_the_json_file_that_is_a_measure_has_its_unit():
    measures = [name for name in CaseResult.model_fields if name.startswith(("time", "peak", "startup"))]
    assert all(name.endswith(("_s", "_gib")) for name in measures if name != "timed_out")


def test_the_page_needs_nothing_from_outside(report):
    page, _ = report(COPY_PRIOR)
    html = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", html)
    assert not re.search(r"https?://|//cdn|@import|url\(", html)
    assert "<script" not in html


def test_the_page_shows_verdict_picture_scores_limits_gaps_and_log(report):
    page, result = report(COPY_PRIOR)
    html = page.read_text(encoding="utf-8")
    shown = (
        result.verdict, "data:image/png;base64,iVBOR", "mean aggregated DSC 1.0000", "Mean dsc",
        "Structures, over 1 case",
        "Something was not imitated.", "&lt;script&gt;alert(1)&lt;/script&gt;", "Nothing was given up.", "torch 9.9",
        "SIGKILL after 5 s", "2025-11-15", "chosen for this rehearsal",
    )  # fmt: skip
    assert [text for text in shown if text not in html] == []


def test_a_failed_case_has_its_sentence_on_the_page_and_no_picture(report):
    page, result = report("import sys; sys.exit('The T2w is <broken>.')")
    html = page.read_text(encoding="utf-8")
    assert not result.passed
    assert "<q>The T2w is &lt;broken&gt;.</q>" in html
    assert "data:image/png" not in html


def with_registration(**changed):
    """The copying program, whose provenance tells of a registration of the two T2w."""
    record = {
        "fixed": "mid-rt-t2w-head-neck", "moving": "registered-pre-rt-head-neck", "status": "registered", "reason": "",
        "seconds": 4.25, "matrix": np.eye(3).tolist(), "offset_mm": [0.0, 0.0, 0.0],
    }  # fmt: skip
    return COPY_PRIOR.replace('"notes"', f'"registration": {record | changed!r}, "notes"')


def test_a_registration_is_drawn_and_said(report):
    page, result = report(with_registration())
    html = page.read_text(encoding="utf-8")
    assert "registered pre-RT T2w laid on the mid-RT T2w in 4.2 s: mid-RT T2w grey, registered pre-RT T2w amber" in html
    assert html.count("data:image/png;base64,") == 2
    assert result.cases[0].provenance["registration"]["seconds"] == 4.25


@pytest.mark.parametrize(("status", "pictures"), [("rejected", 2), ("not_attempted", 1)])
def test_a_refused_registration_is_said_with_its_reason(report, status, pictures):
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


def with_crop(**changed):
    """The copying program, whose provenance tells of a crop of its 40 x 36 x 10 voxels."""
    record = {"index_xyz": [4, 4, 1], "size_xyz": [30, 28, 8], "why": "head & neck, found in the CT"} | changed
    return COPY_PRIOR.replace('"notes"', f'"crop": {record!r}, "notes"')


def test_a_crop_is_drawn_and_said(report):
    page, _ = report(with_crop())
    html = page.read_text(encoding="utf-8")
    assert "<span>dashed: crop, head &amp; neck, found in the CT</span>" in html


@pytest.mark.parametrize("changed", [{"size_xyz": [37, 28, 8]}, {"index_xyz": "x"}], ids=["outside", "malformed"])
def test_a_crop_that_can_not_be_is_passed_over(report, changed):
    page, result = report(with_crop(**changed))
    assert result.passed
    assert "dashed: crop" not in page.read_text(encoding="utf-8")


def test_many_structures_are_folded_away_under_the_lowest(report):
    _, result = report(COPY_PRIOR)
    (case,) = result.cases
    structures = {f"organ {n}": {"dsc": n / 10, "hd95_mm": math.inf} for n in range(9)}
    many = result.model_copy(update={"cases": (case.model_copy(update={"structures": structures}),)})
    html = " ".join(as_page(many, Figures({}, {}), {1: "organ 1"}).split())
    assert "<summary>9 structures; the lowest dsc: organ 0 0.000, organ 1 0.100, organ 2 0.200</summary>" in html
    assert '<td class="number">∞</td>' in html


def test_the_table_has_a_row_a_case(report):
    _, result = report(COPY_PRIOR)
    table = cases_table(result)
    assert table.headings == ("case", "verdict", "time", "time left", "peak RAM", "mean dsc")
    (row,) = table.rows
    assert (row[0], row[1], row[-1]) == ("case_000", "passed", "1.000")


class Seen(NamedTuple):
    """A picture (row, column, colour), and the labels it shows."""

    pixels: np.ndarray
    labels: tuple[int, ...]


def picture(found, wanted=None, labels=None):
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, found.shape).astype(np.float32))
    reference = None if wanted is None else sitk.GetImageFromArray(wanted)
    drawn = draw_case(scan, sitk.GetImageFromArray(found), reference, labels or {1: "GTVp", 2: "GTVn"})
    Path("picture.png").write_bytes(drawn.png)
    return Seen(sitk.GetArrayFromImage(sitk.ReadImage("picture.png"))[..., :3].astype(int), drawn.labels)


def coloured(pixels):
    """The pixels in which red and blue differ clearly: drawn over the grey scan."""
    return np.abs(pixels[..., 0] - pixels[..., 2]) > 60


def test_a_picture_shows_contours_in_the_labels_colours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = np.zeros((5, 40, 50), np.uint8)
    assert not coloured(picture(found).pixels).any()
    found[2, 10:20, 10:20] = 1
    orange = picture(found).pixels
    assert (orange[..., 0] - orange[..., 2])[coloured(orange)].min() > 0
    blue = picture(found * 2).pixels
    assert (blue[..., 0] - blue[..., 2])[coloured(blue)].max() < 0


def test_a_picture_fills_the_reference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = np.zeros((5, 40, 50), np.uint8)
    found[2, 10:20, 10:20] = 1
    assert coloured(picture(found, found).pixels).sum() > 3 * coloured(picture(found).pixels).sum()


def test_a_picture_of_one_slice_or_nothing_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert picture(np.zeros((1, 8, 8), np.uint8)).labels == ()
    assert picture(np.ones((2, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8)).labels == (1,)


def test_slices_are_chosen_so_that_most_structures_are_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = {label: f"organ {label}" for label in range(1, 13)}
    found = np.zeros((60, 20, 20), np.uint8)
    for label in labels:  # in pairs along the patient, but the first and the last, which are smaller, alone
        found[label // 2 * 8, 2 + label % 2 * 8 :][: 3 - (label == 1), 4:7] = label
    assert picture(found, labels=labels).labels == tuple(range(2, 13))


def test_where_output_and_reference_differ_most_is_among_the_slices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, wanted = np.zeros((2, 40, 20, 20), np.uint8)
    found[5, 2:9, 2:9] = wanted[5, 2:9, 2:9] = 1
    wanted[20, 2:7, 2:7] = 2
    assert picture(found, wanted).labels == (1, 2)
    assert picture(found).labels == (1,)


def test_where_nothing_differs_only_slices_with_structures_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = np.zeros((40, 20, 20), np.uint8)
    for z in (20, 25, 30):
        found[z, 2:9, 2:9] = 1
    panels = np.array_split(picture(found, found.copy()).pixels, 3, axis=1)
    assert all(coloured(panel).any() for panel in panels)


@pytest.mark.parametrize("count", [1, 7, 8, 30])
def test_every_label_has_its_own_colour_that_shows_on_black(count):
    colours = colours_of(range(1, count + 1))
    assert len(set(colours.values())) == count
    assert min(max(to_rgb(colour)) for colour in colours.values()) > 0.5
