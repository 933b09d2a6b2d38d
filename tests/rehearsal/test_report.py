import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.rehearsal.overlay import draw_case
from hnseg.rehearsal.process import ProcessSetup, run_process
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report import write_report
from hnseg.rehearsal.results import CaseResult, Rehearsal
from hnseg.rehearsal.stage import Stage
from hnseg.rehearsal.table import cases_table

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
def report(plan, tmp_path):
    """Rehearse a program, write the report and return its folder and the result."""

    def write(program):
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        setup = ProcessSetup((sys.executable, str(file)), tmp_path, plan.profile, cuts_network=False, gpus=0)
        stage = Stage("process", lambda work: run_process(setup, work), gaps=("Something was not imitated.",))
        result = rehearse(plan, stage, lambda _: None)
        return write_report(plan, result, tmp_path / "report"), result

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
        "has_reference", "structures", "provenance", "stdout_tail", "stderr_tail",
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


def test_the_table_has_a_row_a_case(report):
    _, result = report(COPY_PRIOR)
    table = cases_table(result)
    assert table.headings == ("case", "verdict", "time", "time left", "peak RAM", "mean dsc")
    (row,) = table.rows
    assert (row[0], row[1], row[-1]) == ("case_000", "passed", "1.000")


def picture(found, wanted=None):
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, found.shape).astype(np.float32))
    reference = None if wanted is None else sitk.GetImageFromArray(wanted)
    png = draw_case(scan, sitk.GetImageFromArray(found), reference, {1: "GTVp", 2: "GTVn"})
    Path("picture.png").write_bytes(png)
    return sitk.GetArrayFromImage(sitk.ReadImage("picture.png"))[..., :3].astype(int)


def coloured(pixels):
    """The pixels in which red and blue differ clearly: drawn over the grey scan."""
    return np.abs(pixels[..., 0] - pixels[..., 2]) > 60


def test_a_picture_shows_contours_in_the_labels_colours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = np.zeros((5, 40, 50), np.uint8)
    assert not coloured(picture(found)).any()
    found[2, 10:20, 10:20] = 1
    orange = picture(found)
    assert (orange[..., 0] - orange[..., 2])[coloured(orange)].min() > 0
    blue = picture(found * 2)
    assert (blue[..., 0] - blue[..., 2])[coloured(blue)].max() < 0


def test_a_picture_fills_the_reference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = np.zeros((5, 40, 50), np.uint8)
    found[2, 10:20, 10:20] = 1
    assert coloured(picture(found, found)).sum() > 3 * coloured(picture(found)).sum()


def test_a_picture_of_one_slice_or_nothing_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert picture(np.zeros((1, 8, 8), np.uint8)).size > 0
    assert picture(np.ones((2, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8)).size > 0
