"""`hnseg rtstruct read` as a user calls it."""

import json
import logging

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of, image_of
from tests.support.dicom_series import AXIAL, IDENTIFIERS, headers_of, write_series
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case, write_set


@pytest.fixture
def case(tmp_path):
    labels = write_case(tmp_path, AXIAL)
    write_set(tmp_path, image_of(labels, AXIAL), NAMES)
    return tmp_path, labels


def test_without_names_all_structures_are_numbered_in_turn(hnseg, case):
    folder, labels = case
    status, printed = hnseg("read", folder / "rs.dcm", "--series", folder / "series", "--output", folder / "back.mha")
    assert status == 0
    assert "6 L_Shape: 285 voxels" in printed.out
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(folder / "back.mha"))), labels)


def test_structures_are_chosen_by_name_and_by_number(hnseg, case):
    folder, labels = case
    (folder / "names.json").write_text(json.dumps({"1": "L_Shape", "9": 1, "3": None}))
    given = ["--series", folder / "series", "--names", folder / "names.json", "--output", folder / "back.mha"]
    assert hnseg("read", folder / "rs.dcm", *given)[0] == 0
    expected = np.select([labels == 6, labels == 1], [1, 9], 0)
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(folder / "back.mha"))), expected)


def test_among_several_series_the_one_that_the_set_refers_to_is_taken(hnseg, case, caplog):
    caplog.set_level(logging.INFO)
    folder, labels = case
    write_series(folder / "series" / "other", headers_of(AXIAL, Modality="MR", SeriesNumber="8"))
    (folder / "rs.dcm").rename(folder / "series" / "rs.dcm")
    given = ["--series", folder / "series", "--output", folder / "back.mha"]
    assert hnseg("read", folder / "series" / "rs.dcm", *given)[0] == 0
    assert "left out: number 8 (MR, 9 images)" in caplog.text
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(folder / "back.mha"))), labels)


def test_overlap_is_refused_unless_the_higher_label_is_to_win(hnseg, case):
    folder, _ = case
    (folder / "names.json").write_text(json.dumps({"1": "Ring", "2": 1}))
    given = ["--series", folder / "series", "--names", folder / "names.json", "--output", folder / "back.mha"]
    status, printed = hnseg("read", folder / "rs.dcm", *given)
    assert (status, "must not share voxels" in printed.err) == (1, True)
    assert not (folder / "back.mha").exists()
    status, printed = hnseg("read", folder / "rs.dcm", *given, "--overlap", "later")
    assert (status, "2 Ring: 640 voxels" in printed.out) == (0, True)


@pytest.mark.parametrize("end", [200, 3000, 9000])
def test_a_cut_structure_set_is_a_sentence_and_leaves_nothing(hnseg, case, end):
    folder, _ = case
    (folder / "rs.dcm").write_bytes((folder / "rs.dcm").read_bytes()[:end])
    before = sorted(folder.rglob("*"))
    status, printed = hnseg("read", folder / "rs.dcm", "--series", folder / "series", "--output", folder / "b.mha")
    assert status == 1
    assert "The structure set must be a whole RTSTRUCT" in printed.err
    assert sorted(folder.rglob("*")) == before
    assert not any(value in printed.err for value in IDENTIFIERS.values())
