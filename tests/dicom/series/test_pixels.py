import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEGLosslessSV1, RLELossless

from hnseg.dicom.series.folder import read_series
from hnseg.dicom.series.pixels import read_voxels, volume_of
from hnseg.errors import InputError, MemoryShortError
from hnseg.imaging.geometry import Grid, array_of
from tests.support.dicom_series import AXIAL, GRIDS, write_series
from tests.support.dicom_study import series_files
from tests.support.volumes_for_dicom import ct_in_hu, pet_in_bq_ml


@pytest.mark.parametrize("name", GRIDS)
def test_a_ct_comes_back_to_the_last_unit_on_every_grid(tmp_path, name):
    ct = ct_in_hu(GRIDS[name])
    series = read_series(write_series(tmp_path, series_files(ct, "CT")))
    image = volume_of(read_voxels(series, "series 1"), series)
    assert image.GetPixelID() == sitk.sitkInt16
    np.testing.assert_array_equal(array_of(image), array_of(ct))
    assert Grid.of(image).matches(GRIDS[name])


def test_each_slice_has_its_own_slope(tmp_path):
    pet = pet_in_bq_ml(AXIAL)
    series = read_series(write_series(tmp_path, series_files(pet, "PT")))
    voxels = read_voxels(series, "series 1")
    for z in range(AXIAL.size_xyz[2]):  # half a step of each slice's own slope
        np.testing.assert_allclose(voxels[z], array_of(pet)[z], atol=array_of(pet)[z].max() / 32767)
    assert volume_of(voxels, series).GetPixelID() == sitk.sitkFloat32


def test_itk_reads_the_same_values(tmp_path):
    series = read_series(write_series(tmp_path, series_files(pet_in_bq_ml(AXIAL), "PT")))
    voxels = read_voxels(series, "series 1")
    for z, each in enumerate(series.slices):
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(each.path))
        np.testing.assert_allclose(voxels[z], array_of(reader.Execute())[0], rtol=1e-5)


def test_compressed_pixels_are_decoded(tmp_path):
    files = series_files(ct_in_hu(AXIAL), "CT")
    expected = read_voxels(read_series(write_series(tmp_path / "plain", files)), "series 1")
    folder = tmp_path / "packed"
    folder.mkdir()
    from pydicom import dcmread

    for path in (tmp_path / "plain").iterdir():
        elements = dcmread(path)
        elements.compress(RLELossless)
        elements.save_as(folder / path.name)
    np.testing.assert_array_equal(read_voxels(read_series(folder), "series 1"), expected)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"SamplesPerPixel": 3, "PixelData": bytes(40 * 36 * 2 * 3)}, "it is in colour"),
        ({"RescaleSlope": "0"}, "its RescaleSlope is 0"),
        ({"RescaleIntercept": ["1", "2"]}, "its RescaleIntercept has 2 values"),
        ({"BitsAllocated": 12, "PixelData": bytes(40 * 36 * 2)}, "it is cut off or damaged"),
    ],
    ids=str,
)
def test_a_slice_that_can_not_be_read_is_named_by_its_place(tmp_path, values, reason):
    files = series_files(ct_in_hu(AXIAL), "CT")
    for keyword, value in values.items():
        setattr(files[4], keyword, value)
    series = read_series(write_series(tmp_path, files))
    with pytest.raises(InputError, match=f"slice 5 of series 1 has not: {reason}") as told:
        read_voxels(series, "series 1")
    assert "Lastname" not in str(told.value)


def test_an_unknown_compression_is_named(tmp_path):
    files = series_files(ct_in_hu(AXIAL), "CT")
    folder = write_series(tmp_path, files)
    series = read_series(folder)
    from pydicom import dcmread
    from pydicom.encaps import encapsulate

    elements = dcmread(series.slices[0].path)
    elements.PixelData = encapsulate([b"no jpeg"])
    elements.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    elements["PixelData"].is_undefined_length = True
    elements.save_as(series.slices[0].path)
    with pytest.raises(InputError, match=r"slice 1 of series 1 has not: it is compressed as JPEG Lossless.*decoded"):
        read_voxels(series, "series 1")


def test_a_volume_larger_than_memory_is_refused(tmp_path, monkeypatch):
    series = read_series(write_series(tmp_path, series_files(ct_in_hu(AXIAL), "CT")))
    monkeypatch.setattr("hnseg.dicom.series.pixels.limit_gib", lambda: 1e-6)
    with pytest.raises(MemoryShortError, match="The voxels of series 1 must fit into memory"):
        read_voxels(series, "series 1")
