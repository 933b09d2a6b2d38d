"""`hnseg register` as a user calls it."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.hnts_mrg import VARIANTS, draw_patient


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The T2w of a phantom patient before and in mid-treatment, as files."""
    folder = tmp_path_factory.mktemp("pair")
    patient = draw_patient(3, 0, variant=VARIANTS["ordinary"])
    sitk.WriteImage(patient.mid_t2w, str(folder / "mid.mha"))
    sitk.WriteImage(patient.pre_t2w, str(folder / "pre.nii.gz"))
    return folder / "mid.mha", folder / "pre.nii.gz"


def run(*arguments):
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "register", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_moving_image_comes_back_on_the_fixed_grid_with_transform_and_report(pair, tmp_path):
    fixed, moving = pair
    output, transform, report = (tmp_path / name for name in ("out.mha", "out.tfm", "out.json"))
    done = run("--fixed", fixed, "--moving", moving, "--output", output, "--transform", transform, "--report", report)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{output}: turned by" in done.stdout

    reference, result = sitk.ReadImage(str(fixed)), sitk.ReadImage(str(output))
    assert Grid.of(result) == Grid.of(reference)
    assert result.GetPixelID() == sitk.ReadImage(str(moving)).GetPixelID()
    # 0.18 as the headers have it, 0.72 by the registration that comes with the case
    assert np.corrcoef(array_of(result).ravel(), array_of(reference).ravel())[0, 1] > 0.72
    again = sitk.Resample(sitk.ReadImage(str(moving)), reference, sitk.ReadTransform(str(transform)))
    inside = array_of(again) > 0
    assert np.abs(array_of(again).astype(int) - array_of(result))[inside].max() <= 1

    content = json.loads(report.read_text())
    assert content["status"] == "registered"
    assert content["reason"] == ""
    assert set(content["quality"]) == {"correlation", "body_dice", "overlap", "drop", "rotation_deg", "shift_mm"}
    assert content["seconds"] > 0


def test_pair_that_cannot_be_trusted_is_refused_with_a_sentence_and_a_report(pair, tmp_path):
    fixed, _ = pair
    grid = Grid.of(sitk.ReadImage(str(fixed)))
    other = tmp_path / "noise.mha"
    sitk.WriteImage(
        image_of(np.random.default_rng(0).integers(0, 900, grid.shape_zyx).astype(np.int16), grid), str(other)
    )
    done = run("--fixed", fixed, "--moving", other, "--output", tmp_path / "out.mha", "--report", tmp_path / "out.json")
    assert done.returncode == 1
    assert f"{fixed} and {other} must show the same part of one patient, but the images agree too little" in done.stderr
    assert not (tmp_path / "out.mha").exists()
    assert json.loads((tmp_path / "out.json").read_text())["status"] == "rejected"


def test_missing_image_is_refused(pair, tmp_path):
    done = run("--fixed", pair[0], "--moving", tmp_path / "no.mha", "--output", tmp_path / "out.mha")
    assert done.returncode == 1
    assert done.stderr.startswith("The moving image must be a file, but there is none at")


def test_result_that_has_no_place_is_refused(pair, tmp_path):
    output = tmp_path / "no" / "folder" / "out.mha"
    done = run("--fixed", pair[0], "--moving", pair[1], "--output", output)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{output} must be written, but that failed")
