"""`hnseg rtstruct write` as a user calls it."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from hnseg.imaging.geometry import Grid, array_of, image_of
from tests.support.dicom_series import AXIAL, GRIDS, IDENTIFIERS, headers_of, write_series
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case


@pytest.mark.parametrize("name", GRIDS)
def test_seven_structures_come_back_on_every_series_without_a_voxel_of_difference(hnseg, tmp_path, name):
    labels = write_case(tmp_path, GRIDS[name], name=name)
    given = ["--series", tmp_path / "series", "--names", tmp_path / "names.json"]
    status, printed = hnseg("write", tmp_path / "map.mha", *given, "--output", tmp_path / "rs.dcm")
    assert (status, printed.err) == (0, "")
    assert "7 structures, 46 contours" in printed.out
    status, printed = hnseg("read", tmp_path / "rs.dcm", *given, "--output", tmp_path / "back.nii.gz")
    assert (status, printed.err) == (0, "")
    back = sitk.ReadImage(str(tmp_path / "back.nii.gz"))
    np.testing.assert_array_equal(array_of(back), labels)
    assert Grid.of(back).is_close_to(GRIDS[name])
    assert not any(value in printed.out for value in IDENTIFIERS.values())


def test_labels_may_be_left_out_absent_and_named_at_length(hnseg, tmp_path):
    write_case(tmp_path, AXIAL)
    names = {**{str(label): None for label in NAMES}, "1": "GTVp", "9": "Larynx", "2": "SpinalCord_PRV05_x"}
    (tmp_path / "names.json").write_text(json.dumps(names))
    given = ["--series", tmp_path / "series", "--names", tmp_path / "names.json", "--output", tmp_path / "rs.dcm"]
    status, printed = hnseg("write", tmp_path / "map.mha", *given, "--program", "SomeNet", "--program-version", "2")
    assert status == 0
    assert "Larynx is left out: the label map has no voxel of 9" in printed.out
    assert "SpinalCord_PRV05_x has over 16 characters" in printed.out
    found = dcmread(tmp_path / "rs.dcm")
    assert [roi.ROIName for roi in found.StructureSetROISequence] == ["GTVp", "SpinalCord_PRV05_x"]
    assert found.StructureSetLabel == "SomeNet"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"names": {"1": "GTVp"}}, "must hold only 0, 1 (GTVp), but"),
        ({"names": {"1": "a\\b"}}, "without a backslash"),
        ({"names": {"200": "Larynx"}, "labels": 0}, "There must be a structure to write, but"),
        ({"origin": (0.0, 0.0, 0.0)}, "The label map must lie on the grid of the series, but"),
        ({"options": ["--model-sha256", "12"]}, "--model-sha256 must have 64 hexadecimal digits"),
        ({"options": ["--series-number", 8]}, "none of those there has the number 8"),
        ({"drop": 2}, "The series must be whole, but of the 8 slices in"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_written_is_a_sentence_and_leaves_nothing(hnseg, tmp_path, change, sentence):
    labels = write_case(tmp_path, AXIAL)
    if "names" in change:
        (tmp_path / "names.json").write_text(json.dumps(change["names"]))
    if "labels" in change:
        sitk.WriteImage(image_of(labels * 0, AXIAL), str(tmp_path / "map.mha"))
    if "origin" in change:
        image = image_of(labels, AXIAL)
        image.SetOrigin(change["origin"])
        sitk.WriteImage(image, str(tmp_path / "map.mha"))
    if "drop" in change:
        files = headers_of(AXIAL)
        (tmp_path / "series").rename(tmp_path / "whole")
        write_series(tmp_path / "series", [*files[: change["drop"]], *files[change["drop"] + 1 :]])
    before = sorted(tmp_path.rglob("*"))
    given = ["--series", tmp_path / "series", "--names", tmp_path / "names.json", "--output", tmp_path / "rs.dcm"]
    status, printed = hnseg("write", tmp_path / "map.mha", *given, *change.get("options", []))
    assert status == 1
    assert sentence in printed.err
    assert sorted(tmp_path.rglob("*")) == before
    assert not any(value in printed.err for value in IDENTIFIERS.values())


def test_the_output_is_a_dcm_and_no_file_of_the_series(hnseg, tmp_path):
    write_case(tmp_path, AXIAL)
    given = ["--series", tmp_path / "series", "--names", tmp_path / "names.json"]
    status, printed = hnseg("write", tmp_path / "map.mha", *given, "--output", tmp_path / "rs.txt")
    assert (status, "must be one file of type .dcm" in printed.err) == (1, True)
    image = next((tmp_path / "series").iterdir()).rename(tmp_path / "series" / "slice.dcm")
    before = image.read_bytes()
    status, printed = hnseg("write", tmp_path / "map.mha", *given, "--output", image)
    assert (status, "--output must not replace an input" in printed.err) == (1, True)
    assert image.read_bytes() == before
