"""`hnseg score` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from hnseg.cli import score
from hnseg.errors import OutputError

WHOLE, HALF, NODE = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]


@pytest.fixture
def folders(make_label_map, tmp_path) -> tuple[Path, Path]:
    """A folder of predictions and one of references, named as in the public data set."""
    predictions, references = tmp_path / "predictions", tmp_path / "references"
    predictions.mkdir()
    references.mkdir()
    sitk.WriteImage(make_label_map({1: HALF, 2: NODE}), predictions / "77_preRT_mask_registered.nii.gz")
    sitk.WriteImage(make_label_map({1: WHOLE, 2: NODE}), references / "77_midRT_mask.nii.gz")
    return predictions, references


def _arguments(folders: tuple[Path, Path], *more: str) -> list[str]:
    predictions, references = folders
    return ["hnts_mrg", "--predictions", str(predictions), "--references", str(references), *more]


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "score", *arguments], capture_output=True, text=True, check=False
    )


def test_prints_tables_and_writes_json(folders, tmp_path):
    done = _run(_arguments(folders, "--json", str(tmp_path / "score.json")))
    assert done.returncode == 0, done.stderr
    assert "| 77 | GTVp | 0.6667 | 8 | 8 | 16 |" in done.stdout
    assert "| GTVn | 1.0000 | 1.0000 | 1 |" in done.stdout
    assert done.stdout.endswith("mean DSCagg: 0.8333\n")
    assert json.loads((tmp_path / "score.json").read_text())["score"] == pytest.approx(5 / 6)


def test_adds_the_team_to_a_csv(folders, tmp_path):
    for team in ((), ("--team", "others")):
        done = _run(_arguments(folders, "--csv", str(tmp_path / "scores.csv"), *team))
        assert done.returncode == 0, done.stderr
    rows = (tmp_path / "scores.csv").read_text().splitlines()
    assert rows[1] == "predictions,77,GTVp,DSC,0.6666666666666666"
    assert rows[4] == "others,77,GTVn,DSC,1.0"


def test_han_seg_prints_organs_as_its_publication_does(make_label_map, tmp_path):
    for folder, boxes in (("predictions", {30: HALF}), ("references", {30: WHOLE, 13: NODE})):
        (tmp_path / folder).mkdir()
        for name in ("a.mha", "b.mha"):
            sitk.WriteImage(make_label_map(boxes), tmp_path / folder / name)
    table = tmp_path / "table.csv"
    folders = (tmp_path / "predictions", tmp_path / "references")
    done = _run(["han_seg", *_arguments(folders, "--table", str(table))[1:]])
    assert done.returncode == 0, done.stderr
    heading, eye, cord, everything = (line.split(",") for line in table.read_text().splitlines())
    assert heading[:5] == ["structure", "mean_dsc", "sd_dsc", "mean_hd95_mm", "sd_hd95_mm"]
    assert eye[:5] == ["Eye_AR", "0.0", "0.0", "", ""]
    assert [float(value) for value in cord[1:5]] == pytest.approx([2 / 3, 0, 2, 0])
    assert everything[:2] == ["all", str(1 / 3)]
    assert "| Eye_AR | 0.000 ± 0.000 | undefined | 2 | 2 |" in done.stdout
    assert "| SpinalCord | 0.667 ± 0.000 | 2.0 ± 0.0 | 2 | 0 |" in done.stdout
    assert "| mean | 0.333 ± 0.000 | 2.0 ± 0.0 |" in done.stdout
    assert "Predicted in no case, so without HD95" in done.stdout
    assert done.stdout.endswith("mean DSC over the organs: 0.3333\n")


def test_a_refusal_is_one_sentence_and_status_1(folders):
    (folders[1] / "78_midRT_mask.nii.gz").touch()
    done = _run(_arguments(folders))
    assert done.returncode == 1
    assert done.stderr.endswith("none: 78_midRT_mask.nii.gz. Is a case missing, or named otherwise?\n")
    assert "Traceback" not in done.stderr


@pytest.fixture
def run_here():
    """Run the verb in this process."""
    app = typer.Typer()
    app.command(**score.SETTINGS)(score.command)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize(("option", "what"), [("--json", "score"), ("--table", "table"), ("--csv", "scores")])
def test_a_file_that_cant_be_written_is_named_before_any_work(run_here, folders, tmp_path, option, what):
    for path in folders[0].iterdir():
        path.write_text("no label map")  # which would be told first if it were read first
    result = run_here(*_arguments(folders), option, tmp_path / "nowhere" / "score.x")
    assert isinstance(result.exception, OutputError)
    assert f"The {what} must be written to {tmp_path}/nowhere/score.x, but that failed: No such file or directory" in (
        str(result.exception)
    )


def test_another_table_is_refused_before_any_work(run_here, folders, tmp_path):
    for path in folders[0].iterdir():
        path.write_text("no label map")  # which would be told first if it were read first
    (tmp_path / "patients.csv").write_text("name,age\nA,61\n")
    result = run_here(*_arguments(folders), "--csv", tmp_path / "patients.csv")
    assert "file to add scores to must have the columns" in str(result.exception)
    assert (tmp_path / "patients.csv").read_text() == "name,age\nA,61\n"


def test_suffixes_in_capitals_count_and_what_does_not_is_named(run_here, folders):
    before = run_here(*_arguments(folders)).output
    for folder in folders:
        (path,) = folder.iterdir()
        path.rename(path.with_name(path.name.replace(".nii.gz", ".NII.GZ")))
        (folder / "._77.nii.gz").touch()
        (folder / "notes.txt").touch()
    lines = run_here(*_arguments(folders)).output.splitlines()
    named = [f"Not taken from the {title}: 1 (notes.txt)." for title in ("predictions", "references")]
    assert [*lines[:-3], lines[-1]] == before.splitlines()
    assert lines[-3:-1] == named
    (folders[0] / "78.hdr").touch()
    assert "78.hdr has another suffix, so that its case would be left out" in str(
        run_here(*_arguments(folders)).exception
    )


@pytest.mark.parametrize("option", ["--json", "--table", "--csv"])
def test_a_label_map_is_never_replaced(run_here, folders, tmp_path, option):
    (path,) = folders[1].iterdir()
    before = path.read_bytes()
    (tmp_path / "link.csv").symlink_to(path)
    for output in (path, tmp_path / "link.csv"):
        result = run_here(*_arguments(folders), option, output)
        assert isinstance(result.exception, OutputError)
        assert f"{option} must not replace an input, but {output} is" in str(result.exception)
    assert path.read_bytes() == before


def test_the_answers_and_the_table_of_patients_are_never_replaced(run_here, folders, tmp_path):
    answers, clinical = folders[0] / "77_preRT_mask_registered.json", tmp_path / "clinical.csv"
    for path, option in ((answers, "--json"), (clinical, "--table")):
        path.write_text("{}")
        result = run_here(*_hecktor(folders, "--clinical", str(clinical), option, str(path)))
        assert f"{option} must not replace an input, but {path} is read" in str(result.exception)
        assert path.read_text() == "{}"


def test_former_files_survive_a_failure(run_here, folders, tmp_path):
    former = [tmp_path / name for name in ("score.json", "scores.csv")]
    for path in former:
        path.write_text("former")  # of which the CSV is refused, after the score was written
    result = run_here(*_arguments(folders), "--json", former[0], "--csv", former[1])
    assert "file to add scores to must have the columns" in str(result.exception)
    assert [path.read_text() for path in former] == ["former", "former"]
    assert not list(tmp_path.glob(".unfinished*"))


def test_a_file_of_a_former_run_beside_the_label_maps_is_replaced(run_here, folders):
    for _ in range(2):
        assert run_here(*_arguments(folders), "--json", folders[0] / "score.json").exit_code == 0
    assert json.loads((folders[0] / "score.json").read_text())["score"] == pytest.approx(5 / 6)


def _hecktor(folders: tuple[Path, Path], *more: str) -> list[str]:
    return ["hecktor", *_arguments(folders)[1:], *more]


def test_hecktor_prints_the_parts_of_its_score(folders, tmp_path):
    for folder in folders:
        next(folder.iterdir()).rename(folder / "CHUM-001.nii.gz")
    (folders[0] / "CHUM-001.json").write_text('{"t-stage": "T2", "n-stage": "N1", "rfs": 812.5}')
    clinical = tmp_path / "clinical.csv"
    clinical.write_text("PatientID,T-stage,N-stage,Relapse,RFS\nCHUM-001,2,N1,1,900\n")
    done = _run(_hecktor(folders, "--clinical", str(clinical), "--csv", str(tmp_path / "scores.csv")))
    assert done.returncode == 0, done.stderr
    assert "| CHUM-001 | GTVp | 0.6667 | 8 | 8 | 16 |" in done.stdout
    assert "| balanced accuracy | 1.0000 |" in done.stdout
    assert "| c index | undefined |" in done.stdout
    assert "c_index is undefined, as no two patients are comparable" in done.stdout
    assert done.stdout.endswith("0.25 DSC + 0.35 balanced accuracy + 0.40 C-index: undefined\n")
    assert (tmp_path / "scores.csv").read_text().splitlines()[2] == "predictions,CHUM-001,GTVn,DSC,1.0"


def test_an_edition_is_chosen_by_name(folders):
    done = _run(_hecktor(folders, "--edition", "2025", "--connectivity=6"))
    assert done.returncode == 0, done.stderr
    assert "lesions are 6-connected (--connectivity)" in done.stdout
    assert "| GTVn | 1.0000 |  | 1 | 1.0000 | 1.0000 | 1 | 0 | 0 |" in done.stdout.replace("undefined", "")


def test_missing_predictions_may_be_left_out(folders, make_label_map):
    sitk.WriteImage(make_label_map({1: WHOLE}), folders[1] / "78_midRT_mask.nii.gz")
    done = _run(_arguments(folders, "--missing", "leave-out"))
    assert done.returncode == 0, done.stderr
    assert "Left out for want of a prediction: 1 case (78)." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hnts_mrg", "--edition", "2022"], "hnts_mrg is scored in one way and takes no options, but --edition was"),
        (["hecktor", "--edition", "2021"], "--edition must be one of 2022, 2025, 2026, found '2021'"),
        (["hecktor", "--editions", "2022"], "option of hecktor's score must be one of --edition, --both-empty"),
        (["hecktor", "--edition"], "must be given as --name and a value, found '--edition'"),
        (["hecktor", "2022"], "must be given as --name and a value, found '2022'"),
        (["--edition", "2022", "hecktor"], "challenge must be named before its own options, found '--edition'"),
    ],
)
def test_options_that_a_challenge_does_not_have_are_refused(folders, arguments, sentence):
    done = _run([*arguments[:1], *_arguments(folders)[1:], *arguments[1:]])
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_names_the_options_of_each_challenge():
    done = _run(["--help"])
    assert "Options of hecktor, after its name:" in done.stdout
    assert "--connectivity 6|18|26" in done.stdout
