"""Values of the options of `hnseg rehearse`."""

import pytest

from hnseg.cli.options.rehearsal import InputsJson
from hnseg.rehearsal.preparing.input_list import Dialect


@pytest.mark.parametrize("value", [value for value in InputsJson if value is not InputsJson.ALL])
def test_a_dialect_is_that_of_its_name(value):
    assert value.dialects == (Dialect(value.value),)


def test_all_dialects_begin_with_todays():
    assert InputsJson.ALL.dialects[0] is Dialect.TODAY
    assert sorted(InputsJson.ALL.dialects) == sorted(Dialect)
