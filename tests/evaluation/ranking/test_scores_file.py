"""Score files of all teams are read whole, or refused by line."""

import math

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.ranking.methods import DSC, HD95
from hnseg.evaluation.ranking.scores_file import Score, read_scores

HEADING = "team,case,structure,metric,value\n"
METRICS = (DSC, HD95)


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a file with this text."""

    def of(text: str | bytes) -> list[Score]:
        path = tmp_path / "scores.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_scores(path, METRICS)

    return of


def test_rows_are_read_with_any_column_order_spelling_and_extras(read):
    text = "\ufeffmetric, team ,value,case,structure,remark\nDSC,x,0.5,c1,Lips,fine\nhd95_mm, x, 1e1,c1,Lips,\n"
    assert read(text) == [Score("x", "c1", "Lips", DSC, 0.5), Score("x", "c1", "Lips", HD95, 10.0)]


@pytest.mark.parametrize("text", ["", "nan", "NaN", "inf", "Infinity"])
def test_no_value_has_many_spellings(read, text):
    (score,) = read(f"{HEADING}x,c1,Lips,HD95,{text}\n")
    assert math.isnan(score.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"once each, but in .*scores.csv it does not do so for team, case, .*value: found ''"),
        ("team:case:structure:metric:value\n", r"another separator used\?"),
        (HEADING.replace(",", ";") + "x;c1;Lips;DSC;0,5\n", r"line 2 of .* has '0,5'\. Is the decimal sign a comma"),
        (f"{HEADING}x,c1,Lips,DSC,0,5\n", r"columns, 5, but line 2 of .* has 6\. Is a decimal comma"),
        (f"{HEADING}x,c1,Lips,DSC,0_5\n", r"line 2 of .*scores.csv has '0_5'"),
        ("team,case,structure,metric\n", r"for value: found 'team,case,structure,metric'"),
        ("team,team,case,structure,metric,value\n", r"for team: found"),
        (HEADING, r"must have rows, but .*scores.csv has none below its heading"),
        (f"{HEADING}x,c1,Lips,DSC,0.5\nx,c1,Lips,ASSD,0.5\n", r"must be one of DSC, HD95, but line 3 .* 'ASSD'"),
        (f"{HEADING}x,c1,Lips,DSC,high\n", r"a number, or empty, NaN or inf .* line 2 of .*scores.csv has 'high'"),
        (f"{HEADING}x,c1,Lips,DSC,76.9\n", r"DSC must be from 0 to 1, but line 2 of .* has 76.9. Are these percent"),
        (f"{HEADING}x,c1,Lips,HD95,-1\n", r"HD95 \(mm\) must be 0 or more, but line 2 of .* has -1"),
        (f"{HEADING}x,c1,Lips,HD95,-inf\n", r"must be 0 or more, but .* has -inf"),
        (f"{HEADING}x,,Lips,DSC,1\n", r"team, case, structure, metric, but line 2 of .* has no case"),
        (f"{HEADING}x,c1\n", r"columns, 5, but line 2 of .* has 2\. Was it cut off"),
        (f"{HEADING}x,c1,,,1\n", r"line 2 of .* has no structure, metric"),
        (
            f"{HEADING}x,c1,Lips,DSC,1\ny,c1,Lips,DSC,1\nx,c1,Lips,dsc,1\n",
            r"one DSC .*, but line 4 of .* gives DSC of Lips in c1 by x again, after line 2\. Was a file appended",
        ),
        (b"\xff\xfe\x00", r"must be a CSV file in UTF-8, but .*scores.csv can't be read .* spreadsheet"),
    ],
)
def test_another_file_is_refused_by_line(read, text, sentence):
    with pytest.raises(InputError, match=sentence):
        read(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"but .*nowhere.csv is not: No such file or directory"):
        read_scores(tmp_path / "nowhere.csv", METRICS)
