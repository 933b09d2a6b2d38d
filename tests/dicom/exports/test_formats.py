"""Formats of exports."""

import pytest

from hnseg.dicom.exports.formats import Format, formats_of
from hnseg.errors import InputError


def test_formats_come_in_their_own_order_once_each():
    assert formats_of("nifti,SEG,rtstruct,seg") == (Format.RTSTRUCT, Format.SEG, Format.NIFTI)
    assert formats_of("") == ()


def test_what_is_no_format_is_a_sentence():
    with pytest.raises(InputError, match=r"--write must name some of rtstruct, seg, nifti, .* but 'rtdose' is none"):
        formats_of("rtdose")


def test_nifti_alone_needs_no_series():
    assert [each for each in Format if not each.needs_series] == [Format.NIFTI]
