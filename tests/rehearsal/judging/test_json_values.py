"""JSON of a container within bounds."""

import json

import pytest

from hnseg.rehearsal.judging.json_values import MOST_LEVELS, in_plain, parse_json


def test_as_many_levels_as_are_allowed_are_parsed():
    text = "[" * MOST_LEVELS + "]" * MOST_LEVELS
    assert json.dumps(parse_json(text)) == text


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 900, 5_000, 1_000_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_more_levels_are_refused_however_many(levels, opening):
    closing = "]" if opening == "[" else "}"
    with pytest.raises(ValueError, match="nested over 32 levels deep"):
        parse_json(opening * levels + "0" + closing * levels)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_null_as_on_the_platform(text):
    assert parse_json(f"[{text}]") == [None]


def test_every_plain_value_can_be_written_as_json_in_utf_8():
    value = parse_json(r'{"\ud800": ["\u0000", 1e999, -1e999, true, null, 1.5], "b\n": {"c": "\u001b[2J"}}')
    plain = in_plain(value)
    assert plain == {"\\ud800": ["\\x00", None, None, True, None, 1.5], "b\\n": {"c": "\\x1b[2J"}}
    json.dumps(plain, allow_nan=False, ensure_ascii=False).encode()


def test_a_whole_number_beyond_every_float_is_null():
    assert in_plain([10**308, 10**309, -(10**309)]) == [10**308, None, None]
