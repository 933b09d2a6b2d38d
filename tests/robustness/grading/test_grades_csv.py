"""Grades as files: what is read, and what is refused with a sentence."""

import pytest

from hnseg.errors import InputError
from hnseg.robustness.grading.grades_csv import read_grades
from hnseg.robustness.scores.record import BASELINE, Variant
from tests.support.made_up_grades import made_up_grades, write_grades


def read(tmp_path, *rows, heading="case,structure,observer,grade", **options):
    path = tmp_path / "grades.csv"
    path.write_text("\n".join([heading, *rows]) + "\n")
    return read_grades([path], **options)


def test_grades_of_perturbed_cases_are_told_apart(tmp_path):
    assert read_grades([write_grades(tmp_path / "grades.csv")]) == made_up_grades()


def test_files_of_several_observers_are_read_together(tmp_path):
    for name in "AB":
        (tmp_path / f"{name}.csv").write_text(f"case,structure,observer,grade\na,GTVp,{name},4\n")
    found = read_grades([tmp_path / "A.csv", tmp_path / "B.csv"])
    assert [(one.observer, one.variant) for one in found] == [("A", BASELINE), ("B", BASELINE)]


def test_a_key_says_what_a_code_stands_for(tmp_path):
    blur = Variant("PET", "blur", 1)
    (found,) = read(tmp_path, "K7QD,GTVp,A,4.0", key={"K7QD": ("case_1", blur)})
    assert (found.case, found.variant, found.grade) == ("case_1", blur, 4)
    with pytest.raises(InputError, match=r"must be a code of the key, but line 2 of .* has 'case_1'"):
        read(tmp_path, "case_1,GTVp,A,4", key={"K7QD": ("case_1", blur)})


@pytest.mark.parametrize("grade", ["0", "6", "3.5", "good", "nan", "inf"])
def test_a_grade_outside_1_to_5_is_refused(tmp_path, grade):
    with pytest.raises(InputError, match=rf"from 1 to 5, but line 2 of .*grades.csv has '{grade}'\.$"):
        read(tmp_path, f"a,GTVp,A,{grade}")


def test_a_grade_that_is_left_out_is_told_of(tmp_path):
    with pytest.raises(InputError, match=r"has ''\. Is the sheet not yet filled in\?"):
        read(tmp_path, "a,GTVp,A,")


def test_a_grade_given_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"line 3 of .* has GTVp of a by A again, after line 2 of"):
        read(tmp_path, "a,GTVp,A,4", "a,GTVp,A,5")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match="does not do so for observer"):
        read(tmp_path, "a,GTVp,4", heading="case,structure,grade")
    with pytest.raises(InputError, match=r"line 2 of .* has no observer"):
        read(tmp_path, "a,GTVp,,4")
    with pytest.raises(InputError, match="does not do so for modality, severity"):
        read(tmp_path, "a,GTVp,A,4,none", heading="case,structure,observer,grade,kind")
    with pytest.raises(InputError, match="has none below its heading"):
        read(tmp_path)
