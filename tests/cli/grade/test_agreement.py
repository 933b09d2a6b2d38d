"""`hnseg grade` as a user calls it."""

import json
import subprocess
import sys

import pytest
import SimpleITK as sitk

from tests.support.made_up_grades import write_grades


def run(*arguments):
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "grade", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_prints_tables_and_writes_json_and_a_picture(tmp_path):
    grades = write_grades(tmp_path / "grades.csv")
    scores = tmp_path / "scores.csv"
    scores.write_text("case,structure,dice\n" + "".join(f"case_{at},GTVp,0.{at + 1}\n" for at in range(8)))
    options = ("--scores", scores, "--json", tmp_path / "g.json", "--plot", tmp_path / "flows.png", "--draws", 20)
    done = run(grades, *options)
    assert done.returncode == 0, done.stderr
    assert "| as they are | GTVp | A | 8 | 75.0 |" in done.stdout
    assert "95 %: 20 draws of the cases." in done.stdout
    report = json.loads((tmp_path / "g.json").read_text())
    assert report["structures"]["GTVp"]["usable_share"]["A"] == 0.75
    assert set(report["structures"]["GTVp"]["measures"]) == {"dice"}
    assert (tmp_path / "flows.png").read_bytes().startswith(b"\x89PNG")


def test_a_sheet_is_made_graded_and_read_with_its_key(tmp_path):
    case = tmp_path / "cases" / "patient_1"
    case.mkdir(parents=True)
    scan = sitk.GaussianSource(sitk.sitkFloat32, (24, 24, 12), (4.0,) * 3, (12.0, 12.0, 6.0))
    sitk.WriteImage(scan, case / "ct.mha")
    sitk.WriteImage(sitk.Cast(scan > 128, sitk.sitkUInt8), case / "segmentation.mha")
    made = run("--sheet", tmp_path / "cases", "--output", tmp_path / "grading", "--structure", "GTVp")
    assert made.returncode == 0, made.stderr
    assert "key.csv, not for them, says which." in made.stdout
    sheet = tmp_path / "grading" / "for-graders" / "sheet.csv"
    sheet.write_text(sheet.read_text().replace(",,", ",A,4"))
    done = run(sheet, "--key", tmp_path / "grading" / "key.csv", "--draws", 5)
    assert done.returncode == 0, done.stderr
    assert "| as they are | GTVp | A | 1 | 100.0 |" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "must have GRADES.csv, or --sheet CASES with --output DIR"),
        (("--sheet", "cases"), "Is one of the options missing?"),
        (("nowhere.csv",), "The grades must be a readable file, but nowhere.csv is not"),
        (("nowhere.csv", "--output", "x"), "must have GRADES.csv, or --sheet CASES with --output DIR"),
    ],
)
def test_a_refusal_is_one_sentence(arguments, sentence):
    done = run(*arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
