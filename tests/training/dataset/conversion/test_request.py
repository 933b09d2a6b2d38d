from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.conversion.request import Request


def request_without(*names):
    return Request(Path("work"), 1, leave_out=names)


def test_only_named_patients_are_left_out():
    request = request_without("b")
    request.check_names(["a", "b"])
    assert (request.takes("a"), request.takes("b")) == (True, False)


def test_a_name_of_no_patient_is_refused_with_one_that_is_close():
    sentence = "must name patients of the data, but case_3 is not among its 2. Was one of these meant: case_03"
    with pytest.raises(InputError, match=sentence):
        request_without("case_02", "case_3").check_names(["case_02", "case_03"])
