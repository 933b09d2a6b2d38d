import json
import math

import pytest

from hnseg.platform.reading import read_case

PATH = "ehr.json"


@pytest.fixture
def write(input_dir, put, make_image):
    """Write the scan and the record's file, and return the file."""

    def write_record(content):
        put(make_image())
        path = input_dir / PATH
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_record


# The record of the organisers' own test pack of HECKTOR 2026 ends with such a comma.
OFFICIAL = '{\n    "CenterID": 2,\n    "Age": 61,\n    "Tobacco Consumption": NaN,\n}\n'


@pytest.mark.parametrize(
    ("content", "value"),
    [
        pytest.param('{"age": 61}', {"age": 61}, id="JSON"),
        pytest.param('[{"a": [1, 2, ], }, ]', [{"a": [1, 2]}], id="commas before brackets"),
        pytest.param('{"a": "1,}", "b": "\\",]",}', {"a": "1,}", "b": '",]'}, id="commas in strings stay"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="byte order mark"),
        pytest.param('{"a": "\u00e9"}'.encode("utf-16"), {"a": "\u00e9"}, id="UTF-16"),
        pytest.param("null", None, id="null"),
        pytest.param('"T2"', "T2", id="a bare value"),
    ],
)
def test_a_value_is_what_its_file_holds(asking, input_dir, write, content, value):
    path = write(content)
    case = read_case(asking, input_dir)
    assert case.values == {"record": value}
    assert case.files["record"] == path
    assert case.left_out == {}


def test_the_organisers_own_sample_is_read(asking, input_dir, write):
    write(OFFICIAL)
    record = read_case(asking, input_dir).values["record"]
    assert (record["CenterID"], record["Age"]) == (2, 61)
    assert math.isnan(record["Tobacco Consumption"])


def test_infinities_are_read(asking, input_dir, write):
    write("[Infinity, -Infinity]")
    assert read_case(asking, input_dir).values["record"] == [math.inf, -math.inf]


def test_a_missing_value_is_simply_absent(asking, input_dir, put, make_image):
    put(make_image())
    case = read_case(asking, input_dir)
    assert (case.values, case.left_out) == ({}, {})
    assert set(case.files) == {"scan"}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        pytest.param("", " (line 1, column 1)", id="empty"),
        pytest.param('{"name": "DOE",\n "age": 61', r" (line 2, column 11)", id="cut off"),
        pytest.param('{"name": "DOE",, }', " (line 1, column ", id="two commas"),
        pytest.param('{"a": 1, \n}, "b"', " (line 2, column 2)", id="the place is that in the file"),
        pytest.param(b'{"a": "\xe9"}', "", id="Latin-1"),
        pytest.param("[" * 100_000, "", id="too deep"),
        pytest.param(b"\x00\x01\x02\x03", "", id="binary"),
    ],
)
def test_what_can_not_be_parsed_is_left_out_with_its_sentence_and_the_case_goes_on(
    asking, input_dir, write, content, where
):
    path = write(content)
    case = read_case(asking, input_dir)
    assert set(case.images) == {"scan"}
    assert (case.values, set(case.files)) == ({}, {"scan"})
    sentence = case.left_out["record"]
    assert sentence.startswith(f"The health record must be JSON, but {path} can't be parsed as such{where}")
    assert "DOE" not in sentence


def test_what_can_not_be_opened_is_left_out_too(asking, input_dir, put, make_image):
    put(make_image())
    (input_dir / PATH).mkdir()
    assert read_case(asking, input_dir).left_out["record"] == (
        f"The health record must be readable, but {input_dir / PATH} can't be read (Is a directory)."
        " Was it made by another user, or is it a folder?"
    )


def test_inputs_json_says_where_a_value_lies(asking, input_dir, put, make_image):
    put(make_image())
    socket = {"slug": "record", "relative_path": "elsewhere.json", "super_kind": "Value"}
    (input_dir / "inputs.json").write_text(json.dumps([{"socket": socket, "value": {"age": 61}}]))
    (input_dir / "elsewhere.json").write_text('{"age": 62}')
    (input_dir / PATH).write_text('{"age": 63}')
    assert read_case(asking, input_dir).values == {"record": {"age": 62}}


def test_a_case_knows_what_is_asked_beside_the_label_map(asking, spec, input_dir, put, make_image):
    put(make_image())
    assert read_case(asking, input_dir).asked == ("stage", "days")
    assert read_case(spec, input_dir).asked == ()
