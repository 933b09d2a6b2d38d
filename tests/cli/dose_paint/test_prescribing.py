"""`hnseg dose-paint` as a user calls it."""

import csv
import json
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of

GRID = Grid((10, 5, 4), (2.0, 2.5, 2.0), (-10.1, 3.3, 700.7), (1, 0, 0, 0, 1, 0, 0, 0, 1))  # 0.01 cc a voxel
RAMP = np.broadcast_to(np.linspace(0, 0.9, 10, dtype=np.float32), GRID.shape_zyx)  # 20 voxels at each tenth


@pytest.fixture(params=[".mha", ".nii.gz", ".nrrd"])
def probability(request, tmp_path):
    path = tmp_path / f"probability{request.param}"
    sitk.WriteImage(image_of(RAMP, GRID), str(path))
    return path


@pytest.fixture
def ramp(tmp_path):
    path = tmp_path / "ramp.mha"
    sitk.WriteImage(image_of(RAMP, GRID), str(path))
    return path


@pytest.fixture
def hnseg(hnseg):
    """Return a function that runs `hnseg dose-paint`: status, and what was printed."""
    return partial(hnseg, "dose-paint")


def test_a_map_becomes_a_prescription_on_its_own_grid(hnseg, probability):
    output = probability.with_name("dose" + "".join(probability.suffixes))
    status, printed = hnseg(probability, "--base-gy", 66, "--boost-gy", 10, "--output", output)
    assert (status, printed.err) == (0, "")
    dose = sitk.ReadImage(str(output))
    assert Grid.of(dose) == Grid.of(sitk.ReadImage(str(probability)))
    assert array_of(dose)[0, 0] == pytest.approx([0, *range(67, 76)], abs=1e-5)
    assert "| 67.0 | 1.80 | 100.0 | 0.20 |" in printed.out
    assert "| 75.0 | 0.20 | 11.1 | 0.20 |" in printed.out
    assert "1.80 cc of probability 0.01 or more get 67.0 to 75.0 Gy, mean 71.0;" in printed.out
    assert "For research only: no patient may be treated by it." in printed.out


def test_levels_inside_a_mask_with_every_file(hnseg, ramp, tmp_path):
    mask = np.zeros(GRID.shape_zyx, np.uint8)
    mask[..., :7] = 1
    sitk.WriteImage(image_of(mask, GRID), str(tmp_path / "gtv.nii.gz"))
    files = {name: tmp_path / f"dose.{name}" for name in ("mha", "csv", "json", "png")}
    options = ["--csv", files["csv"], "--json", files["json"], "--plot", files["png"], "--levels", 2]
    options += ["--inside", tmp_path / "gtv.nii.gz", "--output", files["mha"]]
    status, printed = hnseg(ramp, "--base-gy", 60, "--boost-gy", 8, *options)
    assert (status, printed.err) == (0, "")
    assert array_of(sitk.ReadImage(str(files["mha"])))[0, 0].tolist() == [60] * 5 + [68] * 2 + [0] * 3
    assert [row["to_next_cc"] for row in csv.DictReader(files["csv"].open())] == ["1.0", "0.4"]
    report = json.loads(files["json"].read_text())
    assert (report["thresholds"], report["target"], report["at_least"]) == ([0.5], "mask", None)
    assert report["research_use_only"] is True
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert "0.60 cc with a probability of 0.5 or more lie outside the target." in printed.out


def test_thresholds_may_be_named(hnseg, ramp, tmp_path):
    output = tmp_path / "dose.mha"
    options = ["--threshold", 0.3, "--threshold", 0.8, "--at-least", 0.2, "--output", output]
    assert hnseg(ramp, "--base-gy", 60, "--boost-gy", 8, *options)[0] == 0
    assert array_of(sitk.ReadImage(str(output)))[0, 0].tolist() == [0, 0, 60] + [64] * 5 + [68] * 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--base-gy", -1), "The base dose must be from 0 to less than 200 Gy, found -1."),
        (("--base-gy", "nan"), "The base dose must be from 0 to less than 200 Gy, found nan."),
        (("--boost-gy", -2), "The boost dose must be from 0 to less than 200 Gy, found -2."),
        (("--levels", 3, "--threshold", 0.5), "Levels must be given in one way, but both --levels and --threshold"),
        (("--threshold", 50), "Thresholds must be probabilities over 0 and up to 1"),
        (("--inside", "nowhere.mha"), "The mask of the target must be a file, but there is none at nowhere.mha."),
        (
            ("--inside", "ramp.mha", "--at-least", 0.01),
            "The target must be given in one way, but both --inside and --at-l",
        ),
        (("--at-least", 1), "A target must have a voxel, but none of"),
    ],
)
def test_a_refusal_is_one_sentence_and_writes_nothing(hnseg, ramp, tmp_path, options, sentence):
    output = tmp_path / "dose.mha"
    status, printed = hnseg(ramp, "--base-gy", 66, "--boost-gy", 10, "--output", output, *options)
    assert status == 1
    assert printed.err.startswith(sentence)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ramp.mha"]


@pytest.mark.parametrize(("spoilt", "sentence"), [(np.nan, "must hold finite numbers only"), (1.5, "from 0 to 1.5")])
def test_a_map_of_something_else_is_refused(hnseg, ramp, tmp_path, spoilt, sentence):
    voxels = RAMP.copy()
    voxels[0, 0, 0] = spoilt
    sitk.WriteImage(image_of(voxels, GRID), str(ramp))
    status, printed = hnseg(ramp, "--base-gy", 66, "--boost-gy", 10, "--output", tmp_path / "dose.mha")
    assert status == 1
    assert sentence in printed.err


def test_help_says_that_it_is_for_research(hnseg):
    printed = " ".join(hnseg("--help")[1].out.split())
    assert "for research only: no patient may be treated by it" in printed
