from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.platform.input_files import InputFiles


def test_it_travels_as_json():
    case = CohortCase(name="case_000", inputs=InputFiles(images={"ct-image": Path("/data/ct.mha")}))
    assert CohortCase.model_validate_json(case.model_dump_json()) == case
