"""Options on the members beyond the folds."""

import pytest

from hnseg.cli.options.uncertainty import further_members
from hnseg.errors import InputError
from hnseg.inference.further.asked import FurtherMembers


def test_they_are_those_asked_for():
    assert further_members(2, 3, uncertainty=True) == FurtherMembers(dropout=2, tta=3)
    assert further_members(0, 0, uncertainty=False) == FurtherMembers()


@pytest.mark.parametrize(("dropout", "tta", "option"), [(2, 0, "--dropout"), (0, 3, "--tta")])
def test_without_an_uncertainty_they_are_refused(dropout, tta, option):
    with pytest.raises(InputError, match=f"{option} must be used with an uncertainty"):
        further_members(dropout, tta, uncertainty=False)
