"""Outputs of a run in other formats, read back."""

import hashlib
import logging
import shutil
from dataclasses import replace
from math import log

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from containers.hn_uiseg.spec import SPEC
from hnseg.dicom.exports.export import OnSeries, export, origin_of
from hnseg.dicom.exports.formats import Format
from hnseg.dicom.origin import Origin
from hnseg.dicom.segmentation.reading import label_map_of, names_of, read_segmentation
from hnseg.dicom.series.folder import read_series
from hnseg.dicom.structure_set.painting import paint
from hnseg.dicom.structure_set.reading import read_structure_set
from hnseg.errors import InputError
from hnseg.imaging.geometry import array_of, image_of
from tests.support.dicom_series import AXIAL, GRIDS, headers_of, write_series

EVERY = tuple(Format)
LABEL_MAP, ENTROPY = "images/head-neck-tumor-segmentation/output.mha", "images/segmentation-entropy/output.mha"


def write_outputs(folder, grid, *, labels=(1, 2)):
    """Write the outputs of a run of HN-UISeg on a grid; return labels and entropy, (z, y, x)."""
    label_map = np.zeros(grid.shape_zyx, np.uint8)
    for label in labels:
        label_map[3:6, 5 * label : 5 * label + 4, 8:20] = label
    entropy = np.random.default_rng(1).uniform(0, log(3), grid.shape_zyx).astype(np.float32)
    for name, array in ((LABEL_MAP, label_map), (ENTROPY, entropy)):
        (folder / name).parent.mkdir(parents=True)
        sitk.WriteImage(image_of(array, grid), str(folder / name))
    return label_map, entropy


def on(folder, grid, name="axial"):
    return OnSeries(read_series(write_series(folder, headers_of(grid, name=name))), folder)


@pytest.mark.parametrize("name", GRIDS)
def test_every_format_holds_the_same_voxels(tmp_path, name):
    label_map, entropy = write_outputs(tmp_path, GRIDS[name])
    series = on(tmp_path / "series", GRIDS[name], name)
    written = export(SPEC, tmp_path, EVERY, on=series, origin=Origin("hnseg", "1"))
    assert [path.name for path in written] == [
        *("RTSTRUCT.dcm", "SEG.dcm", "SEG-segmentation-entropy.dcm"),
        *("head-neck-tumor-segmentation.nii.gz", "segmentation-entropy.nii.gz"),
    ]
    structures = read_structure_set(written[0]).structures
    assert [each.name for each in structures] == ["GTVp", "GTVn"]
    painted = paint(dict(enumerate(structures, start=1)), series.series, written[0])
    np.testing.assert_array_equal(painted.label_map, label_map)
    segmentation = read_segmentation(written[1])
    assert names_of(segmentation) == {1: "GTVp", 2: "GTVn"}
    np.testing.assert_array_equal(label_map_of(segmentation, series.series, written[1]), label_map)
    images = [each.sop_instance_uid for each in series.series.slices]
    share = hd.seg.segread(written[2]).get_pixels_by_source_instance(images)[..., 0]
    np.testing.assert_allclose(share * log(3), entropy, atol=log(3) / 500)
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(written[3]))), label_map)
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(written[4]))), entropy)


def test_of_an_empty_label_map_there_is_no_structure(tmp_path):
    write_outputs(tmp_path, AXIAL, labels=())
    written = export(SPEC, tmp_path, EVERY, on=on(tmp_path / "series", AXIAL), origin=Origin())
    names = {path.name for path in written}
    assert "SEG-segmentation-entropy.dcm" in names
    assert not names & {"RTSTRUCT.dcm", "SEG.dcm"}


def test_an_uncertainty_on_a_coarser_grid_is_interpolated(tmp_path):
    write_outputs(tmp_path, AXIAL)
    coarse = replace(AXIAL, size_xyz=(20, 18, 9), spacing_mm=(3.0, 3.0, 3.0))
    (tmp_path / "uncertainty").mkdir()
    ramp = np.broadcast_to(np.linspace(0, 1, 20, dtype=np.float32), coarse.shape_zyx)
    for name in ("entropy", "mutual_information"):
        sitk.WriteImage(image_of(np.ascontiguousarray(ramp), coarse), str(tmp_path / "uncertainty" / f"{name}.nii.gz"))
    series = on(tmp_path / "series", AXIAL)
    given = {"on": series, "origin": Origin(), "uncertainty_dir": tmp_path / "uncertainty"}
    written = {path.name: path for path in export(SPEC, tmp_path, (Format.SEG,), **given)}
    images = [each.sop_instance_uid for each in series.series.slices]
    share = hd.seg.segread(written["SEG-entropy.dcm"]).get_pixels_by_source_instance(images)[..., 0]
    np.testing.assert_allclose(share[4, 4, :39] * log(3), np.linspace(0, 1, 39), atol=log(3) / 500)


def test_nifti_needs_no_series(tmp_path):
    label_map, _ = write_outputs(tmp_path, AXIAL)
    written = export(SPEC, tmp_path, (Format.NIFTI,), on=None, origin=Origin())
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(written[0]))), label_map)


def test_outputs_off_the_series_leave_nothing(tmp_path):
    write_outputs(tmp_path, GRIDS["oblique"])
    series = on(tmp_path / "series", AXIAL)
    with pytest.raises(InputError, match="must lie on the grid of the series"):
        export(SPEC, tmp_path, EVERY, on=series, origin=Origin())
    assert not (tmp_path / "exports").exists()


def test_the_model_s_checksum_is_that_of_sha256sum_s_lines(tmp_path):
    origin = origin_of({"b": "22" * 32, "a": "11" * 32})
    expected = hashlib.sha256(f"{'11' * 32}  a\n{'22' * 32}  b\n".encode()).hexdigest()
    assert origin.model_sha256 == expected
    assert origin_of({}).model_sha256 == ""
    write_outputs(tmp_path, AXIAL)
    (written,) = export(SPEC, tmp_path, (Format.RTSTRUCT,), on=on(tmp_path / "series", AXIAL), origin=origin)
    assert expected in dcmread(written).StructureSetDescription


def test_no_identifier_reaches_the_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    write_outputs(tmp_path, AXIAL)
    export(SPEC, tmp_path, EVERY, on=on(tmp_path / "series", AXIAL), origin=Origin())
    assert caplog.text == ""  # nor what highdicom says of its work


def test_structures_of_a_former_run_are_removed_where_there_are_none_now(tmp_path):
    write_outputs(tmp_path / "first", AXIAL)
    series = on(tmp_path / "series", AXIAL)
    written = export(SPEC, tmp_path / "first", EVERY, on=series, origin=Origin())
    shutil.rmtree(tmp_path / "first" / "images")
    write_outputs(tmp_path / "first", AXIAL, labels=())
    left = export(SPEC, tmp_path / "first", EVERY, on=series, origin=Origin())
    assert {path.name for path in written} - {path.name for path in left} == {"RTSTRUCT.dcm", "SEG.dcm"}
    assert sorted(left) == sorted((tmp_path / "first" / "exports").iterdir())
