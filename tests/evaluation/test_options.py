"""A challenge's own options are checked by name and by value, without the core knowing them."""

from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from pydantic import Field

from hnseg.errors import InputError
from hnseg.evaluation.options import ScoreOptions, parse_options, usage_of


@pytest.fixture
def module() -> ModuleType:
    """Return the module of a challenge with a choice and a file."""

    class Options(ScoreOptions):
        both_empty: Literal["1", "skip"] = Field("1", description="two empty masks")
        table: Path | None = Field(None, description="a table")

    made = ModuleType("ours")
    made.Options = Options
    return made


def test_options_have_defaults_and_names_of_those_given(module):
    options = parse_options("ours", module, {})
    assert options.chosen == {"both-empty": "1"}
    assert options.given == set()
    options = parse_options("ours", module, {"both-empty": "1", "table": "a.csv"})
    assert options.table == Path("a.csv")
    assert options.chosen == {"both-empty": "1", "table": "a.csv"}
    assert options.given == {"both-empty", "table"}


def test_the_help_shows_each_with_its_values_and_default(module):
    assert usage_of(module) == ["--both-empty 1|skip: two empty masks (default 1)", "--table FILE: a table"]
    assert usage_of(ModuleType("theirs")) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"both-full": "1"}, r"option of ours's score must be one of --both-empty, --table, found --both-full\. Is it"),
        ({"both-empty": "2"}, "--both-empty must be one of 1, skip, found '2'"),
    ],
)
def test_another_name_or_value_is_refused_with_those_there_are(module, given, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_options("ours", module, given)


def test_a_challenge_without_options_refuses_them():
    assert parse_options("theirs", ModuleType("theirs"), {}) is None
    with pytest.raises(InputError, match="theirs is scored in one way and takes no options, but --edition was given"):
        parse_options("theirs", ModuleType("theirs"), {"edition": "2022"})
