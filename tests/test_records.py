"""Records of the JSON files: frozen, with known keys, and numbers that may be undefined."""

import json
import math
from typing import Literal

import pytest
from pydantic import Field, NonNegativeFloat, PositiveFloat, ValidationError

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


class Inner(Frozen):
    margin_mm: PositiveFloat = 3.0


class Outer(Frozen):
    channel: bool = True
    inner: Inner | None = None
    count: int = 1
    smallest_mm3: dict[Literal["GTVp", "GTVn"], NonNegativeFloat] = Field(default_factory=dict)
    ends: tuple[float, float] = (0, 1)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([], "it must be a JSON object"),
        ({"chanel": True}, "chanel is no key that is known here; is channel meant?"),
        ({"speed": 3}, "speed is no key that is known here"),
        ({"inner": {"margin": 3}}, "inner > margin is no key that is known here; is margin_mm meant?"),
        ({"inner": {"margin_mm": -3}}, "inner > margin_mm must be greater than 0, found -3"),
        ({"inner": 3}, "inner must be a JSON object, found 3"),
        ({"count": 1.5}, "count must be an integer, found 1.5"),
        ({"count": None}, "count must be an integer, found null"),
        ({"count": "x" * 5000}, "count must be an integer, found '" + "x" * 56 + "..."),
        ({"smallest_mm3": {"GTVx": 3}}, "smallest_mm3 > GTVx must be 'GTVp' or 'GTVn', found 'GTVx'"),
        ({"smallest_mm3": {"GTVp": math.nan}}, "smallest_mm3 > GTVp must be at least 0, found NaN"),
        ({"ends": [1]}, "ends > 1 is missing"),
        ({"ends": [1, 2, 3]}, "ends must have at most 2 items, not 3"),
        ({"channel": "\x1b[2J"}, "channel must be a boolean, found '\\x1b[2J'"),
    ],
)
def test_the_first_problem_is_the_key_what_must_hold_and_what_was_found(values, problem):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    assert first_problem(caught.value, Outer) == problem


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
    assert problem.endswith("... is no key that is known here")
    assert len(problem) < 260
