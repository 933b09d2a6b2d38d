import pytest

from hnseg.cli.options.dicom import ChoiceOptions
from hnseg.errors import InputError


@pytest.mark.parametrize(("given", "option"), [({"series": ["ct=1"]}, "--series"), ({"roi": ["GTV=1"]}, "--roi")])
def test_a_choice_needs_dicom_files(given, option):
    ChoiceOptions(**given).check(has_dicom=True)
    ChoiceOptions().check(has_dicom=False)
    with pytest.raises(InputError, match=f"{option}.* --dicom must be given, but it was left out"):
        ChoiceOptions(**given).check(has_dicom=False)
