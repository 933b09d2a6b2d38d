"""Scores of a study as a file: what is read, and what is refused with a sentence."""

import math
from dataclasses import replace

import pytest

from hnseg.errors import InputError
from hnseg.robustness.scores.record import BASELINE, Variant
from hnseg.robustness.scores.scores_csv import as_csv, read_scores
from tests.support.made_up_study import made_up_study

HEADING = "case,structure,modality,kind,severity,dsc,reference_mm3"


def read(tmp_path, *rows, heading=HEADING):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join([heading, *rows]) + "\n")
    return read_scores(path)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(as_csv(made_up_study(cases=3)))
    assert repr(read_scores(path)) == repr(made_up_study(cases=3))  # NaN is not equal to itself


def test_numbers_are_measures_or_descriptors_and_words_are_left_alone(tmp_path):
    heading = f"{HEADING},hd95_mm,SUVmax,scanner"
    rows = ["a,GTVp,,none,0,0.8,1200,inf,11.5,X", "a,GTVp,CT,spike,2,0,1200,,,Y"]
    first, second = read(tmp_path, *rows, heading=heading)
    assert first.variant == BASELINE
    assert (first.measures, first.descriptors) == ({"hd95_mm": math.inf}, {"SUVmax": 11.5})
    assert second.variant == Variant("CT", "spike", 2)
    assert math.isnan(second.descriptors["SUVmax"])


def test_a_refused_image_is_told_by_a_column_where_there_is_one(tmp_path):
    study = [replace(record, refused=str(record.variant) == "CT spike 2") for record in made_up_study(cases=3)]
    path = tmp_path / "scores.csv"
    path.write_text(as_csv(study))
    assert path.read_text().startswith(f"{HEADING},outcome,refused,hd95_mm,")
    assert repr(read_scores(path)) == repr(study)
    assert "refused" not in as_csv(made_up_study(cases=3))


@pytest.mark.parametrize("dice", ["", "nan", "1", "1.0", "0"])
def test_an_empty_reference_may_have_any_of_these_scores(tmp_path, dice):
    assert read(tmp_path, f"a,GTVp,,none,0,{dice},0")[0].reference_mm3 == 0


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a,GTVp,,none,0,0.5,0", "With an empty reference a DSC must be 0, or 1 or NaN"),
        ("a,GTVp,,none,0,85,900", "must be from 0 to 1 where the reference is not empty, but line 2"),
        ("a,GTVp,,none,0,,900", "must be from 0 to 1 where the reference is not empty, but line 2 of"),
        ("a,GTVp,,none,0,x,900", "A DSC must be a number, but line 2 of"),
        ('a,GTVp,,none,0,"0,5",900', "Is the decimal sign a comma"),
        ("a,GTVp,,none,0,0.5,", "A reference's volume must be 0 mm3 or more, but line 2"),
        ("a,GTVp,,none,0,0.5,-3", "A reference's volume must be 0 mm3 or more"),
        (",GTVp,,none,0,0.5,900", "must say its case and structure, but line 2 of"),
        ("a,GTVp,CT,none,0,0.5,900", "one of the baseline no modality"),
        ("a,GTVp,,none,1,0.5,900", "the kind none and the severity 0, but line 2"),
        ("a,GTVp,,spike,1,0.5,900", "A perturbed row must have a modality"),
        ("a,GTVp,CT,spike,0,0.5,900", "a severity from 1 on"),
        ("a,GTVp,CT,spike,1.5,0.5,900", "A severity must be a whole number from 0 on, but line 2"),
        ("a,GTVp,CT,,1,0.5,900", "A row must say its kind of perturbation"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(tmp_path, row, sentence):
    with pytest.raises(InputError, match=r"line 2 of .*scores.csv") as refused:
        read(tmp_path, row)
    assert sentence in str(refused.value)


def test_refused_is_1_or_0(tmp_path):
    with pytest.raises(InputError, match=r"The column refused must have 1 .* else 0, but line 2 of .* has '3'"):
        read(tmp_path, "a,GTVp,CT,spike,3,0,900,3", heading=f"{HEADING},refused")


def test_a_score_that_is_given_twice_is_refused(tmp_path):
    row = "a,GTVp,CT,spike,1,0.5,900"
    with pytest.raises(InputError, match=r"GTVp of a, CT spike 1, again, after line 2. Was a file appended twice"):
        read(tmp_path, row, row)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InputError, match="it does not do so for reference_mm3: found"):
        read(tmp_path, "a,GTVp,CT,spike,1,0.5", heading=HEADING.removesuffix(",reference_mm3"))


def test_a_file_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="has none below its heading"):
        read(tmp_path)
