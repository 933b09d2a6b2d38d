import json

import pytest

from hnseg.errors import InputError
from hnseg.platform.inputs_json import InputPaths, input_paths


@pytest.fixture
def announce(input_dir):
    """Write the list as JSON, as text or as bytes, beside two inputs that the spec does not know the places of."""
    (input_dir / "images/elsewhere").mkdir(parents=True)
    (input_dir / "elsewhere").mkdir()
    (input_dir / "elsewhere/ehr.json").write_text("{}")

    def write(entries):
        if not isinstance(entries, (str, bytes)):
            entries = json.dumps(entries)
        (input_dir / "inputs.json").write_bytes(entries.encode() if isinstance(entries, str) else entries)

    return write


@pytest.fixture
def own(spec, input_dir):
    """The spec's own paths, with some notes."""

    def paths(*notes):
        return InputPaths({socket.slug: input_dir / socket.relative_path for socket in spec.inputs}, {}, notes)

    return paths


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


def test_without_the_file_the_paths_are_the_specs(spec, input_dir, own):
    assert input_paths(spec, input_dir) == own()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(platform_entry("interface"), id="interface only, to November 2025"),
        pytest.param(platform_entry("socket") | platform_entry("interface"), id="both, since December 2025"),
        pytest.param(platform_entry("socket", kind="Segmentation"), id="another kind of image"),
        pytest.param(platform_entry("socket", super_kind=None, is_image_kind="yes"), id="kinds not understood"),
        pytest.param(platform_entry("socket", slots=[1], layout={"a": None}), id="unknown keys"),
        pytest.param(local_entry(), id="local test pack"),
        pytest.param(local_entry(example_value=None), id="local test pack with an example"),
    ],
)
def test_every_dialect_says_where_a_socket_lies(spec, input_dir, announce, entry):
    announce([entry])
    paths = input_paths(spec, input_dir)
    assert paths.folders["scan"] == input_dir / "images/elsewhere"
    assert paths.folders["prior"] == input_dir / "images/prior"
    assert paths.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_read(spec, input_dir, announce, encoding):
    announce(json.dumps([local_entry()]).encode(encoding))
    assert input_paths(spec, input_dir).folders["scan"] == input_dir / "images/elsewhere"


def test_unknown_sockets_are_ignored(spec, input_dir, announce, own):
    record = platform_entry("socket", slug="ehr", super_kind="Value", relative_path="../ehr.json")
    announce([record, local_entry(slug="age", relative_path="age.json", is_image_kind=False)])
    assert input_paths(spec, input_dir) == own()


def test_an_empty_list_announces_nothing(spec, input_dir, announce, own):
    announce([])
    assert input_paths(spec, input_dir) == own()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("[{", "is not JSON (line 1, column 3)", id="cut off"),
        pytest.param("", "is not JSON (line 1, column 1)", id="empty"),
        pytest.param("\0" * 1000, "is not JSON (line 1, column 1)", id="NULs"),
        pytest.param("[\0]", "is not JSON (line 1, column 2)", id="NUL in a list"),
        pytest.param("not JSON", "is not JSON (line 1, column 1)", id="text"),
        pytest.param(b"\x89PNG\xff\xfe", "is not JSON that can be read", id="bytes"),
        pytest.param("[" * 100_000, "is not JSON that can be read", id="endless depth"),
        pytest.param('{"socket": {}}', "is no list", id="one object"),
        pytest.param("null", "is no list", id="null"),
    ],
)
def test_what_is_no_list_is_ignored_with_a_note(spec, input_dir, announce, own, content, reason):
    announce(content)
    assert input_paths(spec, input_dir) == own(
        f"{input_dir}/inputs.json {reason}, so it was ignored and the inputs were looked for at the challenge's own"
        " paths."
    )


def test_what_can_not_be_opened_is_ignored_with_a_note(spec, input_dir):
    (input_dir / "inputs.json").mkdir()
    (note,) = input_paths(spec, input_dir).notes
    assert note.startswith(f"{input_dir}/inputs.json can't be read (Is a directory), so it was ignored")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(None, id="null"),
        pytest.param(5, id="a number"),
        pytest.param({}, id="no description"),
        pytest.param({"socket": None, "interface": "scan"}, id="other descriptions"),
        pytest.param({"socket": {"slug": "scan"}}, id="no path"),
        pytest.param(local_entry(relative_path=5), id="a number for a path"),
        pytest.param(local_entry(slug=["scan"]), id="a list for a slug"),
    ],
)
def test_an_entry_that_is_not_understood_is_ignored_with_a_note(spec, input_dir, announce, entry):
    announce([local_entry(), entry, local_entry(slug="prior")])
    paths = input_paths(spec, input_dir)
    assert paths.folders["scan"] == paths.folders["prior"] == input_dir / "images/elsewhere"
    assert paths.notes == (
        f"{input_dir}/inputs.json must describe a socket by slug and relative_path in each of its entries, but 1 of 3"
        " do not (2) and were ignored.",
    )


def test_a_legacy_description_serves_where_the_present_one_is_not_understood(spec, input_dir, announce):
    announce([local_entry(relative_path=None) | platform_entry("interface")])
    assert input_paths(spec, input_dir).folders["scan"] == input_dir / "images/elsewhere"
    assert input_paths(spec, input_dir).notes == ()


def test_many_entries_that_are_not_understood_are_one_note(spec, input_dir, announce):
    announce([None] * 1000)
    (note,) = input_paths(spec, input_dir).notes
    assert "but 1000 of 1000 do not (1, 2, 3, 4, 5, ...) and were ignored." in note


def test_of_two_descriptions_the_first_is_taken_and_a_contradiction_noted(spec, input_dir, announce):
    announce([local_entry(), local_entry()])
    assert input_paths(spec, input_dir).notes == ()
    announce([local_entry(), local_entry(relative_path="images/third")])
    paths = input_paths(spec, input_dir)
    assert paths.folders["scan"] == input_dir / "images/elsewhere"
    assert paths.notes == (
        f"{input_dir}/inputs.json describes the socket scan in several ways; the first of them was taken.",
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("images/missing", "'images/missing'"),
        ("", "''"),
        (".", "'.'"),
        ("a\0b", r"'a\x00b'"),
        ("\ud800", r"'\ud800'"),
        ("a" * 5000, f"'{'a' * 200}'"),
    ],
)
def test_where_there_is_nothing_the_specs_path_is_taken_with_a_note(spec, input_dir, announce, own, path, shown):
    announce([local_entry(relative_path=path)])
    assert input_paths(spec, input_dir) == own(
        f"{input_dir}/inputs.json gives the socket scan the path {shown}, where there is no input, so"
        f" {input_dir}/images/the-scan was taken."
    )


def test_the_specs_own_path_needs_no_note_though_there_is_nothing(spec, input_dir, announce, own):
    announce([local_entry(relative_path="images/the-scan")])
    assert input_paths(spec, input_dir) == own()


def test_the_original_file_name_never_reaches_a_note(spec, input_dir, announce):
    entry = platform_entry("socket", relative_path=5)
    announce([entry, platform_entry("interface", relative_path="images/missing")])
    notes = input_paths(spec, input_dir).notes
    assert len(notes) == 2
    assert "DOE" not in str(notes)


@pytest.mark.parametrize("path", ["/etc", "images/../../etc", "..", "../input2"])
def test_a_path_that_leads_out_of_the_input_is_refused(spec, input_dir, announce, path):
    announce([local_entry(relative_path=path)])
    with pytest.raises(InputError, match=r"must give paths below the input folder, but the socket scan is at"):
        input_paths(spec, input_dir)


def test_a_roundabout_path_that_stays_in_the_input_is_taken(spec, input_dir, announce):
    for path in (f"{input_dir}/images/elsewhere", "images/../images/./elsewhere", "nowhere/../images/elsewhere"):
        announce([local_entry(relative_path=path)])
        assert input_paths(spec, input_dir).folders["scan"] == input_dir / "images/elsewhere"


@pytest.mark.parametrize(
    "entry", [platform_entry("socket", super_kind="Value"), local_entry(is_image_kind=False, is_json_kind=True)]
)
def test_a_socket_that_is_no_image_is_refused(spec, input_dir, announce, entry):
    announce([entry])
    with pytest.raises(
        InputError, match=r"The socket scan must be an image, but .*inputs\.json describes it as another"
    ):
        input_paths(spec, input_dir)


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
    paths = input_paths(asking, input_dir)
    assert paths.files == {"record": input_dir / "elsewhere/ehr.json"}
    assert paths.folders["scan"] == input_dir / "images/the-scan"


def test_without_a_word_of_it_a_value_lies_where_the_spec_says(asking, input_dir, announce):
    announce([local_entry()])
    assert input_paths(asking, input_dir).files == {"record": input_dir / "ehr.json"}


def test_a_value_outside_the_input_is_refused(asking, input_dir, announce):
    announce([local_entry(slug="record", relative_path="../ehr.json", is_image_kind=False)])
    with pytest.raises(InputError, match=r"below the input folder, but the socket record is at '\.\./ehr\.json'"):
        input_paths(asking, input_dir)
