"""What belongs to no case is named, and refused where its case would drop out of a score."""

import os
from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.case_files import cases_in
from hnseg.evaluation.files.untaken import Untaken, untaken_in


@pytest.fixture
def untaken(tmp_path):
    """Return a function that makes empty files, and returns what of them belongs to no case."""

    def make(*files: str) -> Untaken:
        for file in files:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
        return untaken_in(tmp_path, cases_in(tmp_path))

    return make


def test_a_folder_of_label_maps_alone_has_nothing_else(untaken):
    assert untaken("a.mha", "b.NII.GZ", "b.JSON", "._a.mha", ".DS_Store", "__MACOSX/._a.mha") == Untaken(())


def test_documents_and_files_of_the_cases_are_named(untaken):
    files = ["README", "dataset.json", "1.npz", "1.raw", "notes.TXT", "1.pkl", "old/1.mha", "old/plans.json"]
    assert untaken("1.mhd", *files) == Untaken(
        ("1.npz", "1.pkl", "1.raw", "README", "dataset.json", "notes.TXT", "old")
    )


@pytest.mark.parametrize(
    "name", ["2.hdr", "2.img", "2.npz", "2", "2.mha.gz", "2.nii.bz2", "2.dcm", "2/x.hdr", "2/deep/2.img", "model.pth"]
)
def test_a_file_that_may_be_a_label_map_is_refused(untaken, name):
    with pytest.raises(
        InputError, match=rf"must be a file of type \.mha, .*{name} has another suffix, so that its case"
    ):
        untaken("1.mha", name)


def test_a_folder_of_an_images_name_is_refused(untaken, tmp_path):
    (tmp_path / "2.nii.gz").mkdir()
    with pytest.raises(InputError, match=r"2\.nii\.gz is no file"):
        untaken("1.mha")


def test_a_link_that_leads_nowhere_is_refused(untaken, tmp_path):
    (tmp_path / "2.mha").symlink_to("nowhere.mha")
    with pytest.raises(InputError, match=r"2\.mha is no file"):
        untaken("1.mha")


def test_a_folder_of_another_layout_is_a_folder_of_images(untaken):
    assert untaken("1.mha", "2/images/tumour/2.mha", "3/notes.txt") == Untaken(("2", "3"), ("2",))


def test_containers_outputs_have_their_inputs_beside_them(untaken):
    found = untaken(
        "1/expected/images/tumour/1.mha", "1/expected/rfs.json", "1/input/images/ct/1.mha", "1/expected/images/log.txt"
    )
    assert found == Untaken(("1/expected/images/log.txt",))


def test_a_socket_with_another_file_is_refused(untaken):
    with pytest.raises(InputError, match=r"1/images/organs/x\.hdr has another suffix"):
        untaken("1/images/tumour/1.mha", "1/images/organs/x.hdr")


def test_a_patient_of_a_data_set_without_a_label_map_is_a_folder_of_images(untaken):
    found = untaken("A/A.nii.gz", "A/A__CT.nii.gz", "B/B__CT.nii.gz", "table.csv")
    assert found == Untaken(("A/A__CT.nii.gz", "B", "table.csv"), ("B",))


def test_the_first_names_make_a_sentence():
    assert Untaken(()).note("the references") == ""
    names = Untaken(tuple(f"{number}.txt" for number in range(7)))
    assert names.note("the references") == (
        "Not taken from the references: 7 (0.txt, 1.txt, 2.txt, 3.txt, 4.txt, ...)."
    )


def test_a_name_that_is_not_utf_8_is_written_in_ascii(untaken, tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.txt")).touch()
    assert untaken("1.mha").note("the predictions") == r"Not taken from the predictions: 1 (\xe9.txt)."
