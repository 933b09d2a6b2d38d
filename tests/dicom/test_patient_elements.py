import pytest

from hnseg.dicom.patient_elements import patient_elements
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL, IDENTIFIERS, headers_of, write_file


def test_patient_and_study_are_those_of_the_image_and_what_is_missing_is_empty(tmp_path):
    image = headers_of(AXIAL, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg")[0]
    del image.StudyTime
    write_file(tmp_path / "one", image)
    elements = patient_elements(tmp_path / "one", tmp_path)
    assert str(elements.PatientName) == "Müller^Jörg"
    assert elements.SpecificCharacterSet == "ISO_IR 100"
    assert (elements.PatientID, elements.StudyTime) == (IDENTIFIERS["PatientID"], "")
    assert "Rows" not in elements


def test_an_element_of_another_kind_is_left_empty(tmp_path):
    write_file(tmp_path / "one", headers_of(AXIAL)[0])
    content = (tmp_path / "one").read_bytes()
    (tmp_path / "one").write_bytes(content.replace(b"\x10\x00\x10\x00PN", b"\x10\x00\x10\x00XX"))
    elements = patient_elements(tmp_path / "one", tmp_path)
    assert "PatientName" in elements


def test_a_file_that_went_away_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="must stay as they are, but one has changed"):
        patient_elements(tmp_path / "none", tmp_path)
