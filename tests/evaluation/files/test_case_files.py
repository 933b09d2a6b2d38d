"""Files of each case in every layout of a folder, and the values in JSON files."""

import os
from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.case_files import CaseFiles, cases_in, read_values


@pytest.fixture
def folder(tmp_path):
    """Return a function that makes empty files and returns the folder they are in."""

    def make(*files: str) -> Path:
        for file in files:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
        return tmp_path

    return make


def test_label_maps_with_values_beside_some(folder):
    here = folder("b.nii.gz", "b.json", "a.mha", "scores.json", "c/images/d/e.mha", ".a.mha")
    assert cases_in(here) == [
        CaseFiles("a.mha", {"": here / "a.mha"}),
        CaseFiles("b.nii.gz", {"": here / "b.nii.gz"}, (here / "b.json",)),
    ]


@pytest.mark.parametrize("below", ["", "output/", "expected/"])
def test_folders_of_outputs(folder, below):
    here = folder(f"7/{below}images/tumour/x.mha", f"7/{below}rfs.json", f"7/{below}n-stage.json", "7/input/ehr.json")
    outputs = here / "7" / below
    assert cases_in(here) == [
        CaseFiles("7", {"tumour": outputs / "images/tumour/x.mha"}, (outputs / "n-stage.json", outputs / "rfs.json"))
    ]


def test_folders_of_a_data_set_hold_images_besides_the_label_map(folder):
    here = folder("CHUM-001/CHUM-001.nii.gz", "CHUM-001/CHUM-001__CT.nii.gz", "CHUM-001/CHUM-001__PT.nii.gz", "a.csv")
    assert cases_in(here) == [CaseFiles("CHUM-001.nii.gz", {"": here / "CHUM-001/CHUM-001.nii.gz"})]


def test_suffixes_in_capitals_and_names_that_are_no_data(folder):
    here = folder("7.NII.GZ", "7.JSON", "._7.mha", "__MACOSX/7/7.mha")
    assert cases_in(here) == [CaseFiles("7.NII.GZ", {"": here / "7.NII.GZ"}, (here / "7.JSON",))]


def test_hidden_files_in_a_containers_outputs_are_no_data(folder):
    here = folder("7/images/a/x.MHA", "7/images/a/._x.mha", "7/images/.b/x.mha", "7/rfs.JSON", "7/._rfs.json")
    assert cases_in(here) == [CaseFiles("7", {"a": here / "7/images/a/x.MHA"}, (here / "7/rfs.JSON",))]


def test_outputs_in_two_places_are_refused(folder):
    with pytest.raises(InputError, match=r"outputs in one place, but .*/7 has .*/7/images and .*/7/output/images"):
        cases_in(folder("7/images/a/x.mha", "7/output/images/a/x.mha"))


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.mha")).touch()
    with pytest.raises(InputError, match=r"names of cases must be UTF-8, but .udce9\.mha in "):
        cases_in(tmp_path)


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "7.mha").touch()
    with pytest.raises(InputError, match=r"must hold label maps .*7\.mha is a file"):
        cases_in(tmp_path / "7.mha")


def test_two_images_in_one_socket_are_refused(folder):
    with pytest.raises(InputError, match=r"Each case must have one file, but in .*/7 there are old\.mha, output\.mha"):
        cases_in(folder("7/images/tumour/output.mha", "7/images/tumour/old.mha"))


def test_a_folder_without_label_maps_is_named(folder):
    with pytest.raises(InputError, match=r"must hold label maps .*has none, only 7, 8\."):
        cases_in(folder("7/images/tumour/readme.txt", "8/notes.txt"))


def test_values_are_named_by_their_file_or_by_their_keys(tmp_path):
    for name, text in (("t-stage", '"T2"'), ("rfs", "812.5"), ("all", '{"n-stage": "N1", "relapse": 1}')):
        (tmp_path / f"{name}.json").write_text(text)
    values = read_values(sorted(tmp_path.iterdir()))
    assert values == {"t-stage": "T2", "rfs": 812.5, "n-stage": "N1", "relapse": 1}
    assert read_values([]) == {}


def test_two_values_of_one_name_are_refused(tmp_path):
    (tmp_path / "rfs.json").write_text("1")
    (tmp_path / "7.json").write_text('{"rfs": 2}')
    with pytest.raises(InputError, match=r"must have one rfs, but .*rfs\.json gives another"):
        read_values(sorted(tmp_path.iterdir()))


@pytest.mark.parametrize("content", [b'{"rfs": 1,}', b"\xff\xfe", b""])
def test_a_file_that_is_no_json_is_named(tmp_path, content):
    (tmp_path / "7.json").write_bytes(content)
    with pytest.raises(InputError, match=r"must be a JSON file, but .*7\.json can't be read as one"):
        read_values([tmp_path / "7.json"])
