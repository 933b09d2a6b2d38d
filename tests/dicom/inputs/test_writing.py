import pytest

from containers.hecktor.spec import SPEC as HECKTOR
from hnseg.dicom.inputs.choice import choose_series
from hnseg.dicom.inputs.writing import write_series_images
from hnseg.dicom.survey.survey import survey_folder
from hnseg.errors import OutputError
from tests.support.dicom_series import AXIAL, headers_of, write_series


def test_a_folder_that_can_not_be_written_to_is_a_sentence(tmp_path):
    write_series(tmp_path / "dicom", headers_of(AXIAL))
    chosen = choose_series(HECKTOR, survey_folder(tmp_path / "dicom"), {})
    (tmp_path / "input").write_text("a file")
    with pytest.raises(OutputError, match=r"The CT must be written to .*image.mha, but that failed: Not a directory"):
        write_series_images(HECKTOR, chosen, tmp_path / "input")
