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


@pytest.mark.parametrize(("row", "count"), [(b"A", 1), (b"A,2,3", 3), (b"A,0,91", 3)])
def test_a_row_with_other_cells_than_the_heading_is_refused_by_its_line(read, row, count):
    with pytest.raises(InputError, match=rf"the 2 cells of the heading, but line 3 of .*table\.csv has {count}\."):
        read(b"team,value\nB,1\n" + row + b"\n")


def test_separators_at_the_end_of_a_row_are_no_cells(read):
    assert read(b"team,value\nA,1,,\n").rows[0].cells == {"team": "A", "value": "1"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_every_common_encoding_and_separator_is_read(read, encoding, separator):
    content = (
        f"team{separator}value\r\nMüller, Köln{separator}0.5\r\n" if separator != "," else "team,value\nMüller,0.5"
    )
    name = "Müller, Köln" if separator != "," else "Müller"
    assert read(content.encode(encoding)).rows[0].cells == {"team": name, "value": "0.5"}


@pytest.mark.parametrize("cell", ["0,91", "-3,5", "1,000"])
def test_a_decimal_comma_is_refused_by_its_line_and_column(read, cell):
    with pytest.raises(InputError, match=rf"decimal point, but the value in line 2 of .*table\.csv is {cell}\."):
        read(f"team;value\nA;{cell}\n".encode())
    with pytest.raises(InputError, match="decimal point"):
        read(f'team,value\nA,"{cell}"\n'.encode())


def test_a_table_that_is_too_large_is_refused(tmp_path):
    with (tmp_path / "table.csv").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(InputError, match="is not: Larger than 256 MiB"):
        read_csv(tmp_path / "table.csv", subject="The table")


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


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04\x00\xff\x00\x01", b'team,value\n"A,1\n'])
def test_a_file_that_is_no_text_is_refused(read, content):
    with pytest.raises(InputError, match=r"The table must be a CSV file, but .*table\.csv can't be read"):
        read(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"The table must be a readable file, but .*nowhere\.csv is not: No such file"):
        read_csv(tmp_path / "nowhere.csv", subject="The table")
