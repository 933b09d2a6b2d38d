from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort
from hnseg.platform.input_files import InputFiles


def test_nothing_is_ignored_unless_said():
    case = CohortCase(name="case_000", inputs=InputFiles(images={"ct-image": Path("/data/ct.mha")}))
    assert FoundCohort((case,), "csv").ignored == ()
