import pytest

from hnseg.cohort.finding.names import LONGEST, check_names, fault_of
from hnseg.errors import InputError


@pytest.mark.parametrize("name", ["case_000", "sub-01_ses-2", "Patient 7", "café", "a.b", "x" * LONGEST])
def test_a_folders_name_is_usable(name):
    assert fault_of(name) == ""


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "a\\b", " a", "a ", "a\nb", "caf\udce9", "x" * (LONGEST + 1), "index.html"],
)
def test_what_is_no_folders_name_or_another_files_is_not(name):
    assert fault_of(name)
    with pytest.raises(InputError, match=r"name of a case must be usable.*in source"):
        check_names([name], "source")


def test_names_that_capitals_alone_tell_apart_are_refused():
    with pytest.raises(InputError, match="has Case and case, which are one folder"):
        check_names(["Case", "case"], "source")
    check_names(["case_1", "case_2"], "source")
