"""Choice of the parser by the file's name."""

import pytest
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.headers import read_header


@pytest.mark.parametrize(
    ("name", "image_io"),
    [
        ("a.mha", "MetaImageIO"),
        ("a.mhd", "MetaImageIO"),
        ("a.nii", "NiftiImageIO"),
        ("a.nii.gz", "NiftiImageIO"),
        ("a.nrrd", "NrrdImageIO"),
    ],
)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_the_name_says_the_format_in_any_case(tmp_path, name, image_io, case):
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkInt16), tmp_path / name)
    (tmp_path / name).rename(tmp_path / case(name))
    assert read_header(tmp_path / case(name)).image_io == image_io


def test_another_name_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(HeaderError, match="its name does not end as that of a MetaImage, NIfTI or NRRD"):
        read_header(tmp_path / "a.png")


def test_content_of_another_format_is_refused(tmp_path):
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkInt16), tmp_path / "a.nrrd")
    (tmp_path / "a.nrrd").rename(tmp_path / "a.mha")
    with pytest.raises(HeaderError):
        read_header(tmp_path / "a.mha")
