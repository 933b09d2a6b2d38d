import pytest

from hnseg.cli.options.dicom import ChoiceOptions, with_joined_series
from hnseg.errors import InputError


@pytest.mark.parametrize(("given", "option"), [({"series": ["ct=1"]}, "--series"), ({"roi": ["GTV=1"]}, "--roi")])
def test_a_choice_needs_dicom_files(given, option):
    ChoiceOptions(**given).check(has_dicom=True)
    ChoiceOptions().check(has_dicom=False)
    with pytest.raises(InputError, match=f"{option}.* --dicom must be given, but it was left out"):
        ChoiceOptions(**given).check(has_dicom=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--series ct=3 pet=5 --model m", "--series ct=3,pet=5 --model m"),
        ("--series one:ct=3 pet=5 --series two:ct=1", "--series one:ct=3,pet=5 --series two:ct=1"),
        ("--series ct=3,pet=5", "--series ct=3,pet=5"),
        ("--series folder a=1", "--series folder a=1"),
        ("--series ct=3 containers/hecktor", "--series ct=3 containers/hecktor"),
        ("--roi GTV=1 a=2", "--roi GTV=1 a=2"),
    ],
)
def test_pairs_behind_series_are_one_value(words, expected):
    assert with_joined_series(words.split()) == expected.split()
