import json

import pytest

from hnseg.errors import InputError
from hnseg.platform.inputs_json import socket_folders, value_files


@pytest.fixture
def announce(input_dir):
    def write(entries):
        (input_dir / "inputs.json").write_text(entries if isinstance(entries, str) else json.dumps(entries))

    return write


def platform_entry(key, **description):
    """An entry as the live platform writes it."""
    full = {
        "title": "Scan",
        "description": "",
        "slug": "scan",
        "kind": "Image",
        "pk": 1,
        "default_value": None,
        "super_kind": "Image",
        "relative_path": "images/elsewhere",
        "overlay_segments": [],
        "look_up_table": None,
    }
    image = {"pk": "0a1b", "name": "DOE_JOHN.nii.gz"}
    return {key: full | description, "value": None, "file": None, "image": image, "pk": 7}


def local_entry(**description):
    """An entry as the platform's local test packs have it."""
    full = {
        "slug": "scan",
        "relative_path": "images/elsewhere",
        "is_image_kind": True,
        "is_panimg_kind": True,
        "is_dicom_image_kind": False,
        "is_json_kind": False,
        "is_file_kind": False,
    }
    return {"socket": full | description, "value": None, "file": None, "image": {"name": "DOE_JOHN.mha"}}


def test_without_the_file_the_folders_are_the_specs(spec, input_dir):
    folders = socket_folders(spec, input_dir)
    assert folders["scan"] == input_dir / "images/the-scan"
    assert folders["prior"] == input_dir / "images/prior"


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(platform_entry("interface"), id="interface only, to November 2025"),
        pytest.param(platform_entry("socket") | platform_entry("interface"), id="both, since December 2025"),
        pytest.param(platform_entry("socket", kind="Segmentation"), id="another kind of image"),
        pytest.param(local_entry(), id="local test pack"),
        pytest.param(local_entry(example_value=None), id="local test pack with an example"),
    ],
)
def test_every_dialect_says_where_a_socket_lies(spec, input_dir, announce, entry):
    announce([entry])
    folders = socket_folders(spec, input_dir)
    assert folders["scan"] == input_dir / "images/elsewhere"
    assert folders["prior"] == input_dir / "images/prior"


def test_unknown_sockets_are_ignored(spec, input_dir, announce):
    record = platform_entry("socket", slug="ehr", super_kind="Value", relative_path="ehr.json")
    announce([record, local_entry(slug="age", relative_path="age.json", is_image_kind=False)])
    assert socket_folders(spec, input_dir)["scan"] == input_dir / "images/the-scan"


def test_an_empty_list_announces_nothing(spec, input_dir, announce):
    announce([])
    assert socket_folders(spec, input_dir)["scan"] == input_dir / "images/the-scan"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[{", r"Invalid JSON: EOF", id="cut off"),
        pytest.param("", r"Invalid JSON: EOF", id="empty"),
        pytest.param('{"socket": {}}', r"Input should be a valid array", id="one object"),
        pytest.param("[{}]", r"at 0: .*must have the key socket or interface", id="no description"),
        pytest.param('[{"socket": {"slug": "scan"}}]', r"at 0 > socket > relative_path: Field required", id="no path"),
    ],
)
def test_a_broken_file_is_explained_by_its_first_problem(spec, input_dir, announce, text, problem):
    announce(text)
    with pytest.raises(InputError, match=rf"inputs\.json must be a JSON list .*, but {problem}.*cut off\?"):
        socket_folders(spec, input_dir)


def test_the_original_file_name_never_reaches_a_sentence(spec, input_dir, announce):
    entry = platform_entry("socket")
    entry["socket"]["relative_path"] = 5
    announce([entry])
    with pytest.raises(InputError) as caught:
        socket_folders(spec, input_dir)
    assert "DOE" not in str(caught.value)


@pytest.mark.parametrize("path", ["/etc", "images/../../etc", ".."])
def test_a_folder_outside_the_input_is_refused(spec, input_dir, announce, path):
    announce([local_entry(relative_path=path)])
    with pytest.raises(InputError, match=r"must give folders below the input folder, but the socket scan is at"):
        socket_folders(spec, input_dir)


@pytest.mark.parametrize(
    "entry", [platform_entry("socket", super_kind="Value"), local_entry(is_image_kind=False, is_json_kind=True)]
)
def test_a_socket_that_is_no_image_is_refused(spec, input_dir, announce, entry):
    announce([entry])
    with pytest.raises(
        InputError, match=r"The socket scan must be an image, but .*inputs\.json describes it as another"
    ):
        socket_folders(spec, input_dir)


RECORD = {"slug": "record", "relative_path": "elsewhere/ehr.json"}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(platform_entry("interface", super_kind="Value", kind="Anything", **RECORD), id="interface only"),
        pytest.param(platform_entry("socket", super_kind="File", kind="Anything", **RECORD), id="stored as a file"),
        pytest.param(local_entry(is_image_kind=False, is_json_kind=True, **RECORD), id="local test pack"),
        pytest.param(
            local_entry(is_image_kind=False, is_json_kind=True, example_value={"Age": 61}, **RECORD),
            id="local test pack with an example",
        ),
    ],
)
def test_every_dialect_says_where_a_value_lies(asking, input_dir, announce, entry):
    announce([entry | {"value": {"Age": 61}, "image": None}])
    assert value_files(asking, input_dir) == {"record": input_dir / "elsewhere/ehr.json"}
    assert socket_folders(asking, input_dir)["scan"] == input_dir / "images/the-scan"


def test_without_a_word_of_it_a_value_lies_where_the_spec_says(asking, input_dir, announce):
    assert value_files(asking, input_dir) == {"record": input_dir / "ehr.json"}
    announce([local_entry()])
    assert value_files(asking, input_dir) == {"record": input_dir / "ehr.json"}


def test_a_value_outside_the_input_is_refused(asking, input_dir, announce):
    announce([local_entry(slug="record", relative_path="../ehr.json", is_image_kind=False)])
    with pytest.raises(InputError, match=r"below the input folder, but the socket record is at '\.\./ehr\.json'"):
        value_files(asking, input_dir)
