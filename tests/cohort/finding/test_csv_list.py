import pytest

from containers.hecktor.spec import CT, EHR, PET, SPEC
from hnseg.cohort.finding.csv_list import find_in_csv
from hnseg.errors import InputError
from tests.support.cohort_files import touch


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cases.csv"

    def write(*lines, start=""):
        path.write_text(start + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";"])
def test_paths_are_relative_to_the_list_or_absolute(tmp_path, table, separator):
    ct, pet, ehr = touch(tmp_path, "a/ct.mha", "a/pet.nii.gz", "a/ehr.json")
    rows = [("case", PET, CT, EHR), ("b", "", str(ct), ""), ("a", "a/pet.nii.gz", "a/ct.mha", "a/ehr.json")]
    found = find_in_csv(table(*map(separator.join, rows), start="\ufeff"), SPEC)
    one, two = found.cases
    assert (one.name, one.inputs.images, one.inputs.values) == ("a", {CT: ct, PET: pet}, {EHR: ehr})
    assert (two.name, two.inputs.images, two.inputs.values) == ("b", {CT: ct}, {})
    assert {one.problem, two.problem, one.inputs.inside} == {"", None}


def test_optional_columns_may_be_left_out(tmp_path, table):
    touch(tmp_path, "ct.mha")
    (case,) = find_in_csv(table(f"case,{CT}", "a,ct.mha"), SPEC).cases
    assert case.problem == ""


def test_a_missing_file_is_the_problem_of_its_case_alone(tmp_path, table):
    touch(tmp_path, "ct.mha")
    bad, good, none = find_in_csv(table(f"case,{CT}", "a,missing.mha", "b,ct.mha", "c,"), SPEC).cases
    assert (
        f"line 2 of {tmp_path / 'cases.csv'} names the CT {tmp_path / 'missing.mha'}, which is no file" in bad.problem
    )
    assert good.problem == ""
    assert "must have the CT, but c has none" in none.problem
    assert "line 4" in none.problem


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((f"case,{CT},mr", "a,b,c"), r"no columns but case, ct-image.*line 1 of .* also names 'mr'"),
        ((f"case,{PET}", "a,b"), r"columns case, ct-image once, but line 1 of .* does not so with ct-image"),
        ((CT, "a"), "does not so with case"),
        ((f"case,{CT}", "a,b", "a,c"), "lines 2 and 3 of .* both name a"),
        ((f"case,{CT}", "a/b,c"), "line 2 of .* holds a slash"),
        ((f"case,{CT}", "a,b,c"), "line 2 of .* has 3"),
    ],
    ids=["unknown", "missing", "no names", "twice", "unusable", "cells"],
)
def test_a_list_that_is_not_as_it_must_be_is_refused_with_its_line(table, lines, sentence):
    with pytest.raises(InputError, match=sentence):
        find_in_csv(table(*lines), SPEC)
