"""CSV files from programs and spreadsheets become rows, or an error names the file."""

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_csv


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a file with these bytes."""

    def read_bytes(content: bytes, **options) -> CsvTable:
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        return read_csv(path, subject="The table", **options)

    return read_bytes


def test_rows_have_the_number_of_their_line(read):
    table = read(b"team,value\nA,1\n\nB,2\n")
    assert table == CsvTable(
        ("team", "value"), (CsvRow(2, {"team": "A", "value": "1"}), CsvRow(4, {"team": "B", "value": "2"}))
    )


def test_a_byte_order_mark_blanks_and_windows_line_ends_are_dropped(read):
    table = read(b"\xef\xbb\xbf team , value\r\n A , 1 \r\n")
    assert table.columns == ("team", "value")
    assert table.rows == (CsvRow(2, {"team": "A", "value": "1"}),)


def test_a_short_row_is_filled_and_a_long_one_cut_off(read):
    short, long = read(b"team,value\nA\nB,2,3,4\n").rows
    assert short.cells == {"team": "A", "value": ""}
    assert long.cells == {"team": "B", "value": "2"}


def test_a_quoted_cell_may_hold_a_comma_and_a_line_end(read):
    first, second = read(b'team,value\n"A, B\nC",1\nD,2\n').rows
    assert first == CsvRow(3, {"team": "A, B\nC", "value": "1"})
    assert second.line == 4


def test_columns_are_named_by_a_function_of_the_heading(read):
    table = read(b"T Stage,RFS\nT2,8\n", column_name=str.lower)
    assert table.rows[0].cells == {"t stage": "T2", "rfs": "8"}


def test_a_repeated_column_is_not_single(read):
    table = read(b"team,team,value\nA,B,1\n")
    assert [table.is_single(name) for name in ("team", "value", "case")] == [False, True, False]


def test_an_empty_file_has_neither_columns_nor_rows(read):
    assert read(b"") == CsvTable((), ())


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04\xff"])
def test_a_file_that_is_no_text_is_refused(read, content):
    with pytest.raises(InputError, match=r"The table must be a CSV file in UTF-8, but .*table\.csv can't be read"):
        read(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"The table must be a readable file, but .*nowhere\.csv is not: No such file"):
        read_csv(tmp_path / "nowhere.csv", subject="The table")
