"""CSV files from programs and spreadsheets become rows, or an error names the file."""

import re

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_columns, read_csv, survey_csv


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


@pytest.mark.parametrize(
    ("row", "found"), [(b"B,2,5", r"3\. Is a decimal comma"), (b"B", r"1\. Was it cut off"), (b"B,2,,5", r"4\. Is a")]
)
def test_a_row_of_another_length_is_refused_by_its_line(read, row, found):
    with pytest.raises(InputError, match=rf"the heading has columns, 2, but line 4 of .*table\.csv has {found}"):
        read(b"team,value\nA,1\n\n" + row + b"\n")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_found(read, separator):
    table = read(f"team{separator}value\nA, B{separator}0.5\n".encode())
    assert table == CsvTable(("team", "value"), (CsvRow(2, {"team": "A, B", "value": "0.5"}),))


def test_a_separator_that_the_first_line_names_is_taken(read):
    table = read(b"sep=;\r\nname\r\nA,B\r\n")
    assert table == CsvTable(("name",), (CsvRow(3, {"name": "A,B"}),))


def test_rows_of_separators_alone_are_blank(read):
    assert read(b"\n,\nteam,value\n,\nA,1\n,,,,\n\n").rows == (CsvRow(5, {"team": "A", "value": "1"}),)


def test_line_ends_of_old_programs_are_counted(read):
    assert [row.line for row in read(b"team,value\rA,1\rB,2\r").rows] == [2, 3]


@pytest.mark.parametrize(
    "content",
    [b'team,value\nA,"1\nB,2\n', b'team,value\nA,"1"2\n', b"team,value\nA," + b"1" * 200_000 + b"\n"],
    ids=["a quotation mark is left open", "text after a quotation mark", "an endless cell"],
)
def test_a_row_that_can_t_be_read_is_refused_by_its_line(read, content):
    with pytest.raises(InputError, match=r"The table must be a CSV file, but line [23] of .*table\.csv can't be read"):
        read(content)


def test_the_heading_alone_is_read_whatever_is_below(tmp_path):
    (tmp_path / "table.csv").write_text("a; b\n1\n")
    assert read_columns(tmp_path / "table.csv", subject="The table") == ("a", "b")


def test_a_quoted_cell_may_hold_a_comma_and_a_line_end(read):
    first, second = read(b'team,value\n"A, B\nC",1\nD,2\n').rows
    assert first == CsvRow(3, {"team": "A, B\nC", "value": "1"})
    assert second.line == 4


def test_columns_are_named_by_a_function_of_the_heading(read):
    table = read(b"T Stage,RFS\nT2,8\n", column_name=str.lower)
    assert table.rows[0].cells == {"t stage": "T2", "rfs": "8"}


def test_a_repeated_column_is_not_single(read):
    table = read(b"team,team,value\nA,A,1\nB,,2\n,C,2\n")
    assert [table.is_single(name) for name in ("team", "value", "case")] == [False, True, False]
    assert [row.cells["team"] for row in table.rows] == ["A", "B", "C"]


def test_a_repeated_column_of_two_values_is_refused(read):
    with pytest.raises(InputError, match=r"named once, .* but line 2 of .*table\.csv has 'A' and 'B' as its team"):
        read(b"team,team,value\nA,B,1\n")


@pytest.mark.parametrize("heading", [b"team,value", b"team,value,", b"team,value" + b"," * 16_382])
@pytest.mark.parametrize("row", [b"A,1", b"A,1,", b"A,1" + b"," * 16_382])
def test_empty_columns_after_the_last_one_are_dropped(read, heading, row):
    table = read(heading + b"\n" + row + b"\n")
    assert table == CsvTable(("team", "value"), (CsvRow(2, {"team": "A", "value": "1"}),))


def test_what_stands_in_a_column_without_a_name_is_kept(read):
    assert read(b"team,value,,\nA,1,late,\n").rows == (CsvRow(2, {"team": "A", "value": "1", "": "late"}),)


def test_a_survey_has_the_other_rows_and_a_sentence_for_each_faulty_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('team,value\nA,1,5\nB,2\nC\n"D,3\n')
    table = survey_csv(path, subject="The table")
    assert table.rows == (CsvRow(3, {"team": "B", "value": "2"}),)
    assert [re.search(r"line (\d)", sentence)[1] for sentence in table.problems] == ["2", "4", "5"]


def test_an_empty_file_has_neither_columns_nor_rows(read):
    assert read(b"") == CsvTable((), ())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"The table must be a readable file, but .*nowhere\.csv is not: No such file"):
        read_csv(tmp_path / "nowhere.csv", subject="The table")
