"""Cases of a cohort, from files and from DICOM."""

import pytest

from containers.hecktor.spec import CT, SPEC
from hnseg.cli.cases.cases_to_run import CasesToRun
from hnseg.cli.options.dicom import ChoiceOptions
from hnseg.cohort.finding.dicom import INPUTS_FOLDER
from hnseg.errors import InputError
from tests.support.dicom_case import write_pet_ct
from tests.support.small_challenges import HECKTOR


def test_cases_in_files_have_their_images(tmp_path):
    HECKTOR.write_case(tmp_path / "cases/one/input")
    cohort = CasesToRun.find(tmp_path / "cases", SPEC, ChoiceOptions(), in_dicom=False)
    assert cohort.chosen == {}
    assert cohort.with_images(tmp_path / "out", None) == cohort.found.cases
    assert not (tmp_path / "out").exists()


def test_cases_in_dicom_get_theirs_beside_the_results(tmp_path):
    write_pet_ct(tmp_path / "cases/one")
    cohort = CasesToRun.find(tmp_path / "cases", SPEC, ChoiceOptions(), in_dicom=True)
    assert set(cohort.chosen) == {"one"}
    (case,) = cohort.with_images(tmp_path / "out", None)
    assert case.inputs.images[CT].is_relative_to(tmp_path / "out" / INPUTS_FOLDER)


def test_a_choice_without_dicom_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="--dicom must be given"):
        CasesToRun.find(tmp_path, SPEC, ChoiceOptions(series=["one:ct=1"]), in_dicom=False)
