import logging
import struct
import warnings

import pytest
from pydicom import Dataset

from hnseg.dicom.elements import (
    count_of,
    damage_as_header_error,
    is_dicom,
    items_of,
    numbers_of,
    text_of,
    uid_of,
)
from hnseg.errors import HeaderError


def made(**values):
    elements = Dataset()
    for keyword, value in values.items():
        setattr(elements, keyword, value)
    return elements


def test_a_dicom_file_is_known_by_its_prefix_and_only_regular_files_are_opened(tmp_path):
    (tmp_path / "one").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "two").write_bytes(b"DICM")
    assert [is_dicom(tmp_path / name) for name in ("one", "two", "three")] == [True, False, False]
    assert not is_dicom(tmp_path)


@pytest.mark.parametrize("error", [ValueError("Doe^John"), struct.error("Doe^John"), RecursionError("Doe^John")])
def test_damage_is_told_without_the_value_that_pydicom_quotes(error):
    with pytest.raises(HeaderError, match="it is cut off or damaged") as told, damage_as_header_error():
        raise error
    assert "Doe" not in str(told.value)


def test_warnings_that_quote_values_are_silenced(caplog):
    with warnings.catch_warnings(record=True) as warned, damage_as_header_error():
        warnings.warn("Doe^John", stacklevel=1)
    logging.getLogger("pydicom").error("Doe^John")
    assert (warned, caplog.records) == ([], [])


def test_values_are_plain():
    elements = made(Modality="CT", Rows=4, PixelSpacing=[1, 2.5], SeriesInstanceUID="1.2.3")
    assert text_of(elements, "Modality") == "CT"
    assert text_of(elements, "StudyID") == ""
    assert count_of(elements, "Rows") == 4
    assert numbers_of(elements, "PixelSpacing", 2) == (1, 2.5)
    assert uid_of(elements, "SeriesInstanceUID") == "1.2.3"
    assert items_of(elements, "ROIContourSequence") == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda elements: numbers_of(elements, "ImagePositionPatient", 3), "it has no ImagePositionPatient"),
        (lambda elements: numbers_of(elements, "PixelSpacing", 3), "its PixelSpacing has 2 values, not 3"),
        (lambda elements: numbers_of(elements, "Modality", 1), "its Modality is not a number"),
        (lambda elements: numbers_of(elements, "WindowCenter", 1), "its WindowCenter is not finite"),
        (lambda elements: count_of(elements, "Rows"), "its Rows is 0, and must be a whole number over 0"),
        (lambda elements: uid_of(elements, "SOPInstanceUID"), "it has no SOPInstanceUID"),
        (lambda elements: uid_of(elements, "Modality"), "its Modality is not a unique identifier"),
        (lambda elements: items_of(elements, "Modality"), "its Modality is not a sequence"),
    ],
)
def test_what_a_value_is_not_is_told(call, sentence):
    elements = made(Modality="CT", Rows=0, PixelSpacing=[1, 2.5], WindowCenter=float("inf"))
    with pytest.raises(HeaderError, match=f"^{sentence}"):
        call(elements)
