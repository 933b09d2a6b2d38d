"""Twenty cases of three challenges: one serving container each writes what containers of their own write."""

import json
import os
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg import cli
from tests.support.engine import copy_readable, why_there_is_no_engine
from tests.support.small_case import files_below
from tests.support.small_challenges import HAN_SEG, HECKTOR, HNTS_MRG


def write_cases(challenge, folder, count):
    """Write cases with different noise, and return their folders."""
    cases = [folder / f"case_{number:03}" for number in range(count)]
    for number, case in enumerate(cases):
        rng = np.random.default_rng(number)
        for path in challenge.write_case(case / "input").rglob("*.mha"):
            image = sitk.ReadImage(str(path))
            if image.GetPixelID() == sitk.sitkUInt8:  # a mask
                continue
            voxels = sitk.GetArrayFromImage(image)
            noisy = sitk.GetImageFromArray(
                voxels + rng.uniform(0, 0.1 * voxels.std(), voxels.shape).astype(voxels.dtype)
            )
            noisy.CopyInformation(image)
            sitk.WriteImage(noisy, str(path), True)
    return cases


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    ("challenge", "count"), [(HNTS_MRG, 7), (HAN_SEG, 6), (HECKTOR, 7)], ids=["hnts_mrg", "han_seg", "hecktor"]
)
def test_one_container_for_all_cases_writes_what_one_for_each_does(
    challenge, count, quick_model, tmp_path, monkeypatch
):
    if reason := why_there_is_no_engine():
        pytest.skip(reason)
    copy_readable(quick_model(challenge), tmp_path / "model")
    cases = write_cases(challenge, tmp_path / "cases", count)
    base = [f"--base-image={image}"] if (image := os.environ.get("HNSEG_BASE_IMAGE")) else []
    written = {}
    for method in ("exec", "invoke"):
        report = tmp_path / method
        options = ["--model", tmp_path / "model", "--report", report, "--api-method", method, *base]
        words = ["hnseg", "rehearse", challenge.container_dir, *options, *(f"--case={case}" for case in cases)]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        written[method] = {
            case.name: {
                name: (report / "cases" / case.name / "output" / name).read_bytes()
                for name in files_below(report / "cases" / case.name / "output")
            }
            for case in cases
        }
    assert [sorted(files) for files in written["exec"].values()] == [challenge.output_files] * count
    assert written["invoke"] == written["exec"]
    assert len({files[challenge.output_file] for files in written["exec"].values()}) > 1
    results = json.loads((tmp_path / "invoke" / "rehearsal.json").read_text(encoding="utf-8"))["cases"]
    assert [case["startup_s"] is None for case in results] == [False, *[True] * (count - 1)]
