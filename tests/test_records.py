"""Records of the JSON files: frozen, with known keys, and numbers that may be undefined."""

import json
import math

import pytest
from pydantic import ValidationError

from hnseg.records import Frozen, MaybeNumber, Text, first_problem


class Measured(Frozen):
    dsc: MaybeNumber
    count: int = 0


def test_a_record_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Measured(dsc=0.5).dsc = 0.6


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="hd95"):
        Measured(dsc=0.5, hd95=3.0)


@pytest.mark.parametrize(
    ("given", "kept"), [(0.25, 0.25), (3, 3), (None, None), (math.nan, None), (math.inf, math.inf)]
)
def test_a_number_that_is_undefined_is_none(given, kept):
    assert Measured(dsc=given).dsc == kept
    assert type(Measured(dsc=given).dsc) is type(kept)


def test_json_has_null_for_what_it_has_no_number_for():
    for undefined in (None, math.nan, math.inf):
        assert json.loads(Measured(dsc=undefined).model_dump_json()) == {"dsc": None, "count": 0}


class Named(Frozen):
    name: Text


def test_a_text_of_any_origin_is_kept_in_its_printable_form():
    named = Named(name="a\ud800\x1b[31m")
    assert named.name == "a\\ud800\\x1b[31m"
    assert json.loads(named.model_dump_json()) == {"name": "a\\ud800\\x1b[31m"}
    with pytest.raises(ValidationError):
        Named(name=7)


def test_the_first_problem_is_told_in_a_bounded_line():
    with pytest.raises(ValidationError) as caught:
        Measured.model_validate({"dsc": 1.0, "a\n" + "b" * 5000: 2})
    problem = first_problem(caught.value)
    assert problem.startswith("a\\nbbb")
    assert problem.endswith("...: Extra inputs are not permitted")
    assert len(problem) < 260
