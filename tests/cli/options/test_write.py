import pytest

from hnseg.cli.options.write import formats_asked
from hnseg.dicom.exports.formats import Format
from hnseg.errors import InputError


def test_formats_of_dicom_need_dicom_files():
    assert formats_asked("seg,nifti", has_dicom=True) == (Format.SEG, Format.NIFTI)
    assert formats_asked("nifti", has_dicom=False) == (Format.NIFTI,)
    with pytest.raises(InputError, match="--write rtstruct,seg lies on the slices of a DICOM series, so --dicom must"):
        formats_asked("nifti,seg,rtstruct", has_dicom=False)
