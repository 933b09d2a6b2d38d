"""Elements that a segmentation takes from its series."""

import numpy as np
import pytest

from hnseg.dicom.segmentation.source_images import source_images
from hnseg.dicom.series.folder import read_series
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL, GRIDS, IDENTIFIERS, headers_of, write_series


@pytest.mark.parametrize("name", GRIDS)
def test_the_images_are_those_of_the_series_in_the_order_of_their_places(tmp_path, name):
    files = headers_of(GRIDS[name], name=name)
    series = read_series(write_series(tmp_path / "series", files))
    found = source_images(series, tmp_path / "series")
    assert [image.SOPInstanceUID for image in found] == [each.SOPInstanceUID for each in files]
    for image, each in zip(found, files, strict=True):
        np.testing.assert_allclose(image.ImagePositionPatient, each.ImagePositionPatient)
        np.testing.assert_allclose(image.ImageOrientationPatient, each.ImageOrientationPatient, atol=1e-9)
        assert (image.PixelSpacing, image.Rows, image.Columns) == (each.PixelSpacing, each.Rows, each.Columns)


def test_patient_and_study_are_taken_and_comments_are_not(tmp_path):
    files = headers_of(AXIAL, PatientComments="a comment", InstitutionName="a hospital")
    series = read_series(write_series(tmp_path / "series", files))
    image = source_images(series, tmp_path / "series")[0]
    assert {keyword: image.get(keyword) for keyword in IDENTIFIERS} == IDENTIFIERS
    assert "PatientComments" not in image
    assert "InstitutionName" not in image


def test_a_file_that_is_gone_is_a_sentence(tmp_path):
    series = read_series(write_series(tmp_path / "series", headers_of(AXIAL)))
    series.slices[0].path.unlink()
    with pytest.raises(InputError, match="must stay as they are, but one has changed"):
        source_images(series, tmp_path / "series")
