"""Measures of graded cases, in either form of table."""

import math

import pytest

from hnseg.errors import InputError
from hnseg.robustness.grading.measures_csv import read_measures
from hnseg.robustness.scores.record import BASELINE, Variant


def read(tmp_path, text):
    path = tmp_path / "scores.csv"
    path.write_text(text)
    return read_measures(path)


def test_the_scores_of_a_study(tmp_path):
    found = read(tmp_path, "case,structure,modality,kind,severity,dice,hd95_mm,site\na,GTVp,CT,blur,1,0.5,inf,X\n")
    place = ("GTVp", ("a", Variant("CT", "blur", 1)))
    assert found == {"dice": {place: 0.5}, "hd95_mm": {place: math.inf}}


def test_the_file_of_hnseg_score(tmp_path):
    found = read(tmp_path, "team,case,structure,metric,value\nA,a,GTVp,DSC,0.5\nA,a,GTVp,HD95,inf\n")
    assert found == {"DSC": {("GTVp", ("a", BASELINE)): 0.5}, "HD95": {("GTVp", ("a", BASELINE)): math.inf}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("case,structure,site\na,GTVp,X\n", "must have a column of numbers"),
        ("case,dice\na,0.5\n", "does not do so for structure"),
        ("case,structure,dice\na,GTVp,0.5\na,GTVp,0.6\n", "must have one dice, but line 3"),
        ("team,case,structure,metric,value\nA,a,GTVp,DSC,good\n", "DSC must be a number, but line 2"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, sentence):
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    assert sentence in str(refused.value)
