"""Tables are read in the encodings of programs and spreadsheets, and other files are refused."""

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_text import LARGEST_MIB, read_text, separator_of

TEXT = "équipe;valeur\r\nMünchen;0.5\r\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
def test_the_encoding_is_found(tmp_path, encoding):
    path = tmp_path / "table.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert read_text(path, subject="The table") == TEXT


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"PK\x03\x04\xff",
        b"team,value\nA\0,1\n",
        b"\x89PNG\r\n\x1a\n",
        b"a,b\n\x81,1\n",
        b"a\x1b[2J,b\n",
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"The table must be a CSV file in UTF-8, but .*table\.csv can't be read as one"
    ):
        read_text(path, subject="The table")


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (b"PK\x03\x04\x14\0", r"a workbook \(.xlsx, .ods\) .*save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old spreadsheet programs \(.xls\): open it and save its sheet as CSV"),
        (b"\x1f\x8b\x08\0", "compressed by gzip: unpack it"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a web page: was a login asked for"),
    ],
)
def test_a_file_of_another_kind_is_named_with_its_cure(tmp_path, content, cure):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=cure):
        read_text(path, subject="The table")


def test_a_file_that_is_no_table_by_its_size_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("wb") as file:
        file.truncate((LARGEST_MIB << 20) + 1)
    with pytest.raises(InputError, match=r"must be a readable file, but .*table\.csv is not: Larger than 64 MiB"):
        read_text(path, subject="The table")


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere.csv", "No such file"), ("", "Is a directory"), ("a\0b", "null byte")]
)
def test_a_path_that_is_no_file_is_named(tmp_path, name, reason):
    with pytest.raises(InputError, match=f"The table must be a readable file, but .*{reason}"):
        read_text(tmp_path / name, subject="The table")


@pytest.mark.parametrize(
    ("heading", "separator"),
    [("a,b,c", ","), ("a;b;c", ";"), ("a\tb", "\t"), ("a|b", "|"), ("name", ","), ("", ","), ('a;"b,c,d";e', ";"),
     ("a;HPV (0=-, 1=+);c", ";")],
)  # fmt: skip
def test_the_separator_is_that_of_the_heading(heading, separator):
    assert separator_of(heading) == separator
