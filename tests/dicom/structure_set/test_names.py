import json
from pathlib import Path

import pytest

from hnseg.dicom.structure_set.names import interpreted_type, names_to_write, read_names, structure_of
from hnseg.dicom.structure_set.structures import Structure
from hnseg.errors import InputError

SET = [Structure(number, name, "1.2", ()) for number, name in ((3, "GTVp"), (4, "Parotid_L"), (9, "PTV"), (11, "PTV"))]
RS = Path("rs.dcm")


def write(tmp_path, content):
    path = tmp_path / "names.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_names_numbers_and_labels_left_out_are_read(tmp_path):
    path = write(tmp_path, {"1": "GTVp", "2": 7, "30": None})
    assert read_names(path) == {1: "GTVp", 2: 7, 30: None}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "can't be read: it is no JSON"),
        ("[" * 100_000, "can't be read: it is no JSON"),
        ([1], "must be an object such as"),
        ({}, "must be an object such as"),
        ({"0": "GTVp"}, "must be whole numbers from 1 to 255, but .* has '0'"),
        ({"256": "GTVp"}, "has '256'"),
        ({"GTVp": 1}, "has 'GTVp'"),
        ({"1": ""}, "has something else for label 1"),
        ({"1": " GTVp"}, "has something else for label 1"),
        ({"1": True}, "has something else for label 1"),
        ({"1": "x" * 65}, "must have 1 to 64 characters"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_are_no_names_is_refused(tmp_path, content, sentence):
    with pytest.raises(InputError, match=sentence):
        read_names(write(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be read: No such file or directory"):
        read_names(tmp_path / "none.json")


def test_labels_left_out_are_not_written():
    assert names_to_write({1: "GTVp", 2: None}, RS) == {1: "GTVp"}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({1: 7}, "must have a name to be written, but label 1 of rs.dcm has 7"),
        ({1: "Drüse"}, "in ASCII and without a backslash, but that of label 1"),
        ({1: "a\\b"}, "in ASCII and without a backslash"),
        ({1: "GTVp", 2: "gtvP"}, "names two labels alike"),
        ({1: None}, "names none"),
    ],
    ids=str,
)
def test_names_that_planning_systems_cannot_tell_apart_or_read_are_refused(names, sentence):
    with pytest.raises(InputError, match=sentence):
        names_to_write(names, RS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("GTVn", "GTV"), ("CTV1", "CTV"), ("PTV_7000", "PTV"), ("Brainstem", "ORGAN"), ("BODY", "EXTERNAL")],
)
def test_the_kind_of_a_structure_follows_from_its_name(name, kind):
    assert interpreted_type(name) == kind


def test_a_structure_is_found_by_name_and_by_number():
    assert structure_of("GTVp", SET, RS).number == 3
    assert structure_of(4, SET, RS).name == "Parotid_L"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("parotid l", "there is none of that name. Is this one meant: 4 Parotid_L"),
        ("Larynx", "there is none of that name. There are: 3 GTVp, 4 Parotid_L, 9 PTV, 11 PTV."),
        (5, "there is none of that number"),
        ("PTV", "but 2 in rs.dcm are called PTV. Ask for one by its number: 9, 11"),
    ],
    ids=str,
)
def test_a_name_that_is_not_there_or_not_one_is_asked_and_never_guessed(asked, sentence):
    with pytest.raises(InputError, match=sentence.replace(".", r"\.")):
        structure_of(asked, SET, RS)
