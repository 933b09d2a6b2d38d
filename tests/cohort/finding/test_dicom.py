"""Cases in folders of DICOM files."""

import numpy as np
import pytest

from containers.hecktor.spec import CT, EHR, PET
from containers.hecktor.spec import SPEC as HECKTOR
from hnseg.cohort.finding.dicom import INPUTS_FOLDER, find_in_dicom, with_images
from hnseg.errors import InputError
from hnseg.imaging.geometry import array_of
from tests.support.dicom_case import labels_in, write_pet_ct
from tests.support.dicom_series import AXIAL, headers_of, write_series
from tests.support.small_hecktor import small_ct

BOTH = ("one", "two")


@pytest.fixture
def cases(tmp_path):
    """Return a folder with a patient who is clear, one with two CTs, and notes."""
    write_pet_ct(tmp_path / "cases" / "one")
    (tmp_path / "cases/one/ehr.json").write_text("{}")
    for part in ("a", "b"):
        write_series(
            tmp_path / "cases" / "two" / part,
            headers_of(AXIAL, SeriesNumber="4" if part == "a" else "5", StudyInstanceUID="1.2.3"),
        )
    (tmp_path / "cases" / "notes.txt").write_text("x")
    return tmp_path / "cases"


def test_each_folder_is_a_case_and_an_open_choice_its_problem(cases):
    one, two = find_in_dicom(cases, HECKTOR).found.cases
    assert (one.name, set(one.inputs.images), set(one.inputs.values), one.problem) == ("one", {CT, PET}, {EHR}, "")
    assert two.problem.endswith("Give one of --series two:ct=1 or --series two:ct=2")


def test_a_choice_is_made_for_its_case_alone(cases):
    found = find_in_dicom(cases, HECKTOR, series=["two:ct=2"])
    assert [case.problem for case in found.found.cases] == ["", ""]
    assert found.chosen["two"].chosen[CT].series_number == "5"
    assert [path.name for path in found.found.ignored] == ["notes.txt"]
    with pytest.raises(InputError, match="--series must name the case"):
        find_in_dicom(cases, HECKTOR, series=["ct=2"])


def test_images_are_written_once_and_again_where_files_change(cases, tmp_path):
    found = find_in_dicom(cases, HECKTOR)
    ready = with_images(found, tmp_path / "out", names=BOTH)
    path = ready.cases[0].inputs.images[CT]
    assert path.is_relative_to(tmp_path / "out" / INPUTS_FOLDER / "one")
    np.testing.assert_array_equal(labels_in(path), array_of(small_ct()))
    before = path.stat().st_mtime_ns
    assert (
        with_images(find_in_dicom(cases, HECKTOR), tmp_path / "out", names=BOTH)
        .cases[0]
        .inputs.images[CT]
        .stat()
        .st_mtime_ns
        == before
    )
    changed = next((cases / "one/c").iterdir())
    changed.write_bytes(changed.read_bytes())
    with_images(find_in_dicom(cases, HECKTOR), tmp_path / "out", names=BOTH)
    assert path.stat().st_mtime_ns > before
    assert ready.cases[1].problem
    assert not list((tmp_path / "out" / INPUTS_FOLDER).glob(".unfinished*"))


def test_images_of_another_share_are_not_written(cases, tmp_path):
    with_images(find_in_dicom(cases, HECKTOR), tmp_path / "out", names=["two"])
    assert not (tmp_path / "out").exists()


def test_a_case_whose_pixels_can_not_be_read_has_a_problem_and_no_folder(cases, tmp_path):
    found = find_in_dicom(cases, HECKTOR)
    changed = next((cases / "one/a/b").iterdir())
    changed.write_bytes(changed.read_bytes()[:-100])
    ready = with_images(found, tmp_path / "out", names=BOTH)
    assert "must have pixels that can be read" in ready.cases[0].problem
    assert not list((tmp_path / "out" / INPUTS_FOLDER).iterdir())


def test_a_folder_without_folders_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"The cases must be folders of DICOM files in a folder, but .* has none"):
        find_in_dicom(tmp_path, HECKTOR)


def test_pairs_of_several_cases_may_follow_each_other(cases):
    found = find_in_dicom(cases, HECKTOR, series=["one:ct=2,pet=3,two:ct=2"])
    assert [case.problem for case in found.found.cases] == ["", ""]


def test_a_sentence_that_begins_with_the_option_stays_whole(cases):
    two = find_in_dicom(cases, HECKTOR, series=["two:ct=9"]).found.cases[1]
    assert two.problem.startswith("--series must name series of")
