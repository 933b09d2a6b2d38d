"""`hnseg run --dicom` as a user calls it: from series to a label map, and back onto the CT."""

import numpy as np
import pytest

from tests.support.dicom_case import FRAME, STUDY, labels_in, save_names, write_pet_ct
from tests.support.dicom_series import write_series
from tests.support.dicom_study import series_files
from tests.support.planted_identifiers import PLANTED
from tests.support.small_challenges import HECKTOR
from tests.support.small_hecktor import small_ct


@pytest.fixture
def study(tmp_path):
    return write_pet_ct(tmp_path / "dicom")


def test_from_a_study_to_a_structure_set_that_is_the_label_map(hnseg, study, tmp_path, quick_model):
    out = tmp_path / "out"
    model = ["--model", quick_model(HECKTOR), "--device", "cpu"]
    status, printed = hnseg("run", HECKTOR.container_dir, "--dicom", study, "--output", out, *model)
    assert status == 0
    assert '"ct-image"' in printed.out
    assert not [name for name in PLANTED if name in printed.out + printed.err]
    label_map = out / HECKTOR.output_file
    assert set(np.unique(labels_in(label_map))) > {0}  # random weights label something
    names = save_names(tmp_path / "names.json", {1: "GTVp", 2: "GTVn"})
    back = ["--series", study, "--series-number", 2, "--names", names, "--output"]
    assert hnseg("rtstruct", "write", label_map, *back, tmp_path / "rs.dcm")[0] == 0
    drawn = set(np.unique(labels_in(label_map))) - {0}
    names = save_names(tmp_path / "back.json", {int(label): {1: "GTVp", 2: "GTVn"}[label] for label in drawn})
    back = ["--series", study, "--names", names, "--output"]
    assert hnseg("rtstruct", "read", tmp_path / "rs.dcm", *back, tmp_path / "back.mha")[0] == 0
    np.testing.assert_array_equal(labels_in(tmp_path / "back.mha"), labels_in(label_map))


def test_a_question_ends_with_the_option_and_leaves_nothing(hnseg, study, tmp_path):
    write_series(study / "second", series_files(small_ct(), "CT", number="3", study=STUDY, frame=FRAME))
    words = ["--output", tmp_path / "out", "--model", tmp_path / "model"]
    status, printed = hnseg("run", HECKTOR.container_dir, "--dicom", study, *words)
    assert (status, printed.err.strip().endswith("--series ct=2,pet=4 or --series ct=3,pet=4")) == (1, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "A case must have inputs (--input DIR, or --dicom DIR of DICOM files), but neither was given."),
        (["--series", "ct=1"], "--dicom must be given, but it was left out"),
        (["--dicom", "nowhere"], "DICOM files must be given as a folder, but nowhere is none"),
    ],
)
def test_what_is_not_given_is_asked(hnseg, tmp_path, words, sentence):
    status, printed = hnseg("run", HECKTOR.container_dir, *words, "--output", tmp_path / "out", "--model", "m")
    assert (status, sentence in printed.err) == (1, True)
