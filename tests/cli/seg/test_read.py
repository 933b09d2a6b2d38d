"""`hnseg seg read` as a user calls it."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from tests.support.dicom_series import GRIDS, IDENTIFIERS, headers_of, write_series
from tests.support.structure_set_files import write_case

EACH_FORM = pytest.mark.parametrize("form", ["binary", "labelmap"])


@EACH_FORM
@pytest.mark.parametrize("name", GRIDS)
def test_seven_structures_come_back_on_every_series_without_a_voxel_of_difference(hnseg, tmp_path, name, form):
    labels = write_case(tmp_path, GRIDS[name], name=name)
    series = ["--series", tmp_path / "series"]
    written = ["--names", tmp_path / "names.json", "--form", form, "--output", tmp_path / "seg.dcm"]
    assert hnseg("write", tmp_path / "map.mha", *series, *written)[0] == 0
    status, printed = hnseg("read", tmp_path / "seg.dcm", *series, "--output", tmp_path / "back.nii.gz")
    assert (status, printed.err) == (0, "")
    assert f"6 L_Shape: {(labels == 6).sum()} voxels" in printed.out
    back = sitk.ReadImage(str(tmp_path / "back.nii.gz"))
    np.testing.assert_array_equal(array_of(back), labels)
    assert Grid.of(back).is_close_to(GRIDS[name])
    assert not any(value in printed.out for value in IDENTIFIERS.values())


def test_among_several_series_the_one_that_the_segmentation_refers_to_is_taken(hnseg, tmp_path):
    labels = write_case(tmp_path, GRIDS["axial"])
    series = ["--series", tmp_path / "series"]
    given = ["--names", tmp_path / "names.json", "--output", tmp_path / "seg.dcm"]
    assert hnseg("write", tmp_path / "map.mha", *series, *given)[0] == 0
    write_series(tmp_path / "series" / "other", headers_of(GRIDS["axial"], Modality="MR", SeriesNumber="8"))
    assert hnseg("read", tmp_path / "seg.dcm", *series, "--output", tmp_path / "back.mha")[0] == 0
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(tmp_path / "back.mha"))), labels)


@pytest.mark.parametrize("end", [0, 100, 1500, 6000])
def test_a_cut_segmentation_is_a_sentence_and_leaves_nothing(hnseg, tmp_path, end):
    write_case(tmp_path, GRIDS["axial"])
    series = ["--series", tmp_path / "series"]
    given = ["--names", tmp_path / "names.json", "--output", tmp_path / "seg.dcm"]
    assert hnseg("write", tmp_path / "map.mha", *series, *given)[0] == 0
    (tmp_path / "seg.dcm").write_bytes((tmp_path / "seg.dcm").read_bytes()[:end])
    status, printed = hnseg("read", tmp_path / "seg.dcm", *series, "--output", tmp_path / "back.mha")
    assert (status, "The segmentation must be a whole SEG" in printed.err) == (1, True)
    assert not (tmp_path / "back.mha").exists()
    assert not any(value in printed.err for value in IDENTIFIERS.values())


def test_a_segmentation_of_another_scan_is_refused(hnseg, tmp_path):
    write_case(tmp_path, GRIDS["axial"])
    given = ["--names", tmp_path / "names.json", "--output", tmp_path / "seg.dcm"]
    assert hnseg("write", tmp_path / "map.mha", "--series", tmp_path / "series", *given)[0] == 0
    write_series(tmp_path / "another", headers_of(GRIDS["axial"]))
    status, printed = hnseg(
        "read", tmp_path / "seg.dcm", "--series", tmp_path / "another", "--output", tmp_path / "b.mha"
    )
    assert (status, "must be in the coordinates of the series" in printed.err) == (1, True)
