"""`hnseg register` as a user calls it."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.challenges import han_seg
from hnseg.phantom.challenges.hnts_mrg import VARIANTS, draw_patient

QUALITY = {"mutual_information", "correlation", "body_dice", "overlap", "drop", "drift_mm", "rotation_deg", "shift_mm"}
REPORT = {
    *("fixed", "moving", "fixed_modality", "moving_modality", "status", "reason", "likely_cause", "quality"),
    *("near_body_only", "starts", "starts_agreeing", "gate", "seconds", "versions", "matrix", "offset_mm"),
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The T2w of a phantom patient before and in mid-treatment, as files."""
    folder = tmp_path_factory.mktemp("pair")
    patient = draw_patient(3, 0, variant=VARIANTS["ordinary"])
    sitk.WriteImage(patient.mid_t2w, str(folder / "mid.mha"))
    sitk.WriteImage(patient.pre_t2w, str(folder / "pre.nii.gz"))
    return folder / "mid.mha", folder / "pre.nii.gz"


@pytest.fixture(scope="module")
def ct_and_t1(tmp_path_factory):
    """The CT and the T1 MR of a phantom patient, as files, and the transform between them."""
    folder = tmp_path_factory.mktemp("ct_and_t1")
    patient = han_seg.draw_patient(3, 0, variant=han_seg.VARIANTS["ordinary"])
    sitk.WriteImage(patient.ct, str(folder / "ct.nrrd"))
    sitk.WriteImage(patient.t1, str(folder / "t1.nrrd"))
    return folder / "ct.nrrd", folder / "t1.nrrd", patient.ct_to_mr


def run(*arguments):
    code = "import sys; from hnseg.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "register", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_moving_image_comes_back_on_the_fixed_grid_with_transform_and_report(pair, tmp_path):
    fixed, moving = pair
    output, transform, report = (tmp_path / name for name in ("out.mha", "out.tfm", "out.json"))
    done = run("--fixed", fixed, "--moving", moving, "--output", output, "--transform", transform, "--json", report)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{output}: turned by" in done.stdout
    assert "(mid.mha as MR and pre.nii.gz as MR)" in done.stdout

    reference, result = sitk.ReadImage(str(fixed)), sitk.ReadImage(str(output))
    assert Grid.of(result) == Grid.of(reference)
    assert result.GetPixelID() == sitk.ReadImage(str(moving)).GetPixelID()
    # 0.18 as the headers have it, 0.72 by the registration that comes with the case
    assert np.corrcoef(array_of(result).ravel(), array_of(reference).ravel())[0, 1] > 0.72
    again = sitk.Resample(sitk.ReadImage(str(moving)), reference, sitk.ReadTransform(str(transform)))
    inside = array_of(again) > 0
    assert np.abs(array_of(again).astype(int) - array_of(result))[inside].max() <= 1

    content = json.loads(report.read_text())
    assert set(content) == REPORT
    assert set(content["quality"]) == QUALITY
    assert (content["status"], content["reason"], content["likely_cause"]) == ("registered", "", "")
    assert 1 <= content["starts_agreeing"] <= content["starts"]
    assert content["gate"]["drift_mm"] >= content["quality"]["drift_mm"]
    assert content["seconds"] > 0


def test_ct_and_mr_are_recognised_and_registered(ct_and_t1, tmp_path):
    ct, t1, truth = ct_and_t1
    report, picture, tfm = (tmp_path / name for name in ("out.json", "out.png", "out.tfm"))
    options = ["--json", report, "--checkerboard", picture, "--transform", tfm]
    done = run("--fixed", ct, "--moving", t1, "--output", tmp_path / "out.mha", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "(ct.nrrd as CT and t1.nrrd as MR)" in done.stdout
    content = json.loads(report.read_text())
    assert (content["fixed_modality"], content["moving_modality"]) == ("ct", "mr")
    found = sitk.ReadTransform(str(tfm))
    corners = [point * 0.5 for point in Grid.of(sitk.ReadImage(str(ct))).corners_mm()]
    for point in corners:
        expected = truth.TransformPoint(point.tolist())
        np.testing.assert_allclose(found.TransformPoint(point.tolist()), expected, atol=3)
        in_report = np.array(content["matrix"]) @ point + content["offset_mm"]
        np.testing.assert_allclose(in_report, found.TransformPoint(point.tolist()), atol=1e-6)
    assert min(sitk.ReadImage(str(picture)).GetSize()) > 200


def test_mr_is_not_taken_for_a_ct(ct_and_t1, tmp_path):
    ct, t1, _ = ct_and_t1
    output = tmp_path / "out.mha"
    done = run("--fixed", ct, "--moving", t1, "--moving-modality", "ct", "--output", output)
    assert done.returncode == 1
    assert f"A CT must be in Hounsfield units, but of the moving image {t1} 0.0% have the values of air" in done.stderr
    assert done.stderr.strip().endswith("Is it an MR, or stored without its rescale intercept?")
    assert not output.exists()


def test_pair_that_cannot_be_trusted_is_refused_with_a_sentence_and_a_report(pair, tmp_path):
    fixed, _ = pair
    grid = Grid.of(sitk.ReadImage(str(fixed)))
    other, picture = tmp_path / "noise.mha", tmp_path / "out.png"
    sitk.WriteImage(
        image_of(np.random.default_rng(0).integers(0, 900, grid.shape_zyx).astype(np.int16), grid), str(other)
    )
    outputs = ["--output", tmp_path / "out.mha", "--json", tmp_path / "out.json", "--checkerboard", picture]
    done = run("--fixed", fixed, "--moving", other, *outputs)
    assert done.returncode == 1
    assert f"{fixed} (MR) and {other} (MR) must show the same part of one patient, but the images" in done.stderr
    assert not (tmp_path / "out.mha").exists()
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["status"] == "rejected"
    assert done.stderr.strip().endswith(content["likely_cause"])
    assert min(sitk.ReadImage(str(picture)).GetSize()) > 200


def test_pair_that_cannot_be_tried_has_a_cause_of_its_own(pair, tmp_path):
    fixed, _ = pair
    thin = tmp_path / "thin.mha"
    sitk.WriteImage(sitk.ReadImage(str(fixed))[:, :, :9], str(thin))
    outputs = ["--output", tmp_path / "out.mha", "--checkerboard", tmp_path / "out.png"]
    done = run("--fixed", fixed, "--moving", thin, *outputs)
    assert done.returncode == 1
    assert "but the moving image has 9 voxels along one axis" in done.stderr
    assert done.stderr.strip().endswith("Is it a localiser?")
    assert not (tmp_path / "out.png").exists()


def test_missing_image_is_refused(pair, tmp_path):
    done = run("--fixed", pair[0], "--moving", tmp_path / "no.mha", "--output", tmp_path / "out.mha")
    assert done.returncode == 1
    assert done.stderr.startswith("The moving image must be a file, but there is none at")


def test_result_that_has_no_place_is_refused(pair, tmp_path):
    output = tmp_path / "no" / "folder" / "out.mha"
    done = run("--fixed", pair[0], "--moving", pair[1], "--output", output)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{output} must be written, but that failed")


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--output", "notes.txt", "--output must be one file of type .mha, .nii.gz, .nii, .nrrd, but"),
        ("--output", "fixed.mha", "--output must not replace an input, but"),
        ("--output", "link.mha", "--output must not replace an input, but"),
        ("--transform", "notes.doc", "--transform must be one file of type .tfm,"),
        ("--checkerboard", "notes.txt", "--checkerboard must be one file of type .png, but"),
        ("--json", "fixed.mha", "--json must not replace an input, but"),
    ],
)
def test_no_file_is_lost_by_a_wrong_name(tmp_path, option, name, words):
    # Neither image can be read, which would be told first if one were read first.
    former = [tmp_path / name for name in ("fixed.mha", "moving.mha", "notes.txt", "notes.doc")]
    for path in former:
        path.write_text("former")
    (tmp_path / "link.mha").symlink_to("moving.mha")
    given = {"--fixed": former[0], "--moving": former[1], "--output": tmp_path / "out.mha", option: tmp_path / name}
    done = run(*(word for pair in given.items() for word in pair))
    assert done.returncode == 1
    assert done.stderr.startswith(words)
    assert [path.read_text() for path in former] == ["former"] * 4


def test_former_files_survive_a_pair_that_is_refused(pair, tmp_path):
    output, report, thin = (tmp_path / name for name in ("out.mha", "out.json", "thin.mha"))
    output.write_text("former")
    report.write_text("former")
    sitk.WriteImage(sitk.ReadImage(str(pair[0]))[:, :, :9], str(thin))
    done = run("--fixed", pair[0], "--moving", thin, "--output", output, "--json", report)
    assert done.returncode == 1
    assert output.read_text() == "former"
    assert json.loads(report.read_text())["status"] == "not_attempted"
    assert not list(tmp_path.glob(".unfinished*"))
