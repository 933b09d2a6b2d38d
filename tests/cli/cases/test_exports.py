"""`--write` of `hnseg run` and `hnseg cohort` as a user calls them: the label map back on its series."""

import logging

import numpy as np
import pytest

from tests.support.dicom_case import labels_in, save_names, write_pet_ct
from tests.support.planted_identifiers import PLANTED
from tests.support.small_challenges import HECKTOR

NAMES = {1: "GTVp", 2: "GTVn"}
NIFTI = "head-neck-tumor-segmentation.nii.gz"


@pytest.fixture
def model(quick_model):
    return ["--model", quick_model(HECKTOR), "--device", "cpu", "--limit-s", "1e9"]


def check_exports(hnseg, exports, labels, study, scratch):
    """Check that each export of a case reads back as its labels."""
    drawn = [int(label) for label in np.unique(labels) if label]
    names = save_names(scratch / "names.json", {label: NAMES[label] for label in drawn})
    series = ["--series", study, "--output", scratch / "back.mha"]
    assert hnseg("rtstruct", "read", exports / "RTSTRUCT.dcm", *series, "--names", names)[0] == 0
    np.testing.assert_array_equal(labels_in(scratch / "back.mha"), labels)
    assert hnseg("seg", "read", exports / "SEG.dcm", *series)[0] == 0
    numbers = np.zeros(256, np.uint8)
    numbers[drawn] = np.arange(1, len(drawn) + 1)
    np.testing.assert_array_equal(labels_in(scratch / "back.mha"), numbers[labels])
    np.testing.assert_array_equal(labels_in(exports / NIFTI), labels)


def test_a_case_in_dicom_is_written_back_onto_its_ct(hnseg, model, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger="hnseg")
    study, out = write_pet_ct(tmp_path / "dicom"), tmp_path / "out"
    words = ["--dicom", study, "--output", out, "--write", "rtstruct,seg,nifti"]
    status, printed = hnseg("run", HECKTOR.container_dir, *words, *model)
    assert status == 0, printed.err
    assert sorted(path.name for path in (out / "exports").iterdir()) == ["RTSTRUCT.dcm", "SEG.dcm", NIFTI]
    labels = labels_in(out / HECKTOR.output_file)
    assert labels.any()
    check_exports(hnseg, out / "exports", labels, study, tmp_path)
    assert not [name for name in PLANTED if name in printed.out + printed.err + caplog.text]


def test_of_files_the_label_map_is_copied_to_nifti(hnseg, model, tmp_path):
    HECKTOR.write_case(tmp_path / "input")
    out = tmp_path / "out"
    words = ["--input", tmp_path / "input", "--output", out, "--write", "nifti"]
    assert hnseg("run", HECKTOR.container_dir, *words, *model)[0] == 0
    np.testing.assert_array_equal(labels_in(out / "exports" / NIFTI), labels_in(out / HECKTOR.output_file))


def test_a_cohort_in_dicom_is_written_back_case_by_case(hnseg, model, tmp_path):
    study, out = write_pet_ct(tmp_path / "cases" / "one"), tmp_path / "out"
    (tmp_path / "cases" / "empty").mkdir()
    words = [tmp_path / "cases", "--dicom", "--output", out, "--uncertainty", "--write", "rtstruct,seg,nifti"]
    status, printed = hnseg("cohort", HECKTOR.container_dir, *words, *model)
    assert status == 1  # the empty case
    assert "written to the cases' folders exports" in printed.err
    exports = out / "one" / "exports"
    assert {"SEG-entropy.dcm", "SEG-mutual_information.dcm", "entropy.nii.gz"} <= {
        each.name for each in exports.iterdir()
    }
    check_exports(hnseg, exports, labels_in(out / "one" / HECKTOR.output_file), study, tmp_path)
    before = (exports / "RTSTRUCT.dcm").stat().st_mtime_ns
    assert hnseg("cohort", HECKTOR.container_dir, *words, *model)[0] == 1
    assert (exports / "RTSTRUCT.dcm").stat().st_mtime_ns == before
