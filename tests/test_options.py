"""Options of a run: one description, from which each way of choosing them is made."""

import argparse

import pytest

from hnseg import options


@pytest.fixture
def parser():
    return argparse.ArgumentParser(prog="container")


@pytest.mark.parametrize(
    "option", [options.PRECISION, options.BACKEND, options.CHECKPOINT, options.SKIP], ids=lambda each: each.name
)
def test_the_command_line_wins_over_the_environment_over_the_default(parser, monkeypatch, option):
    monkeypatch.delenv(option.variable, raising=False)
    first, *_, last = option.values
    option.add_to(parser)
    assert vars(parser.parse_args([])) == {option.name: first}

    monkeypatch.setenv(option.variable, last.upper())
    again = argparse.ArgumentParser()
    option.add_to(again)
    assert vars(again.parse_args([])) == {option.name: last}
    assert vars(again.parse_args([f"--{option.name}", first])) == {option.name: first}


def test_a_variable_set_to_another_word_is_a_usage_error(parser, monkeypatch, capsys):
    monkeypatch.setenv("HNSEG_ON_ERROR", "ignore")
    with pytest.raises(SystemExit) as ended:
        options.ON_ERROR.from_environment(parser)
    assert ended.value.code == 2
    assert "HNSEG_ON_ERROR must be fail or empty, found 'ignore'" in capsys.readouterr().err


def test_an_empty_variable_counts_as_unset(parser, monkeypatch):
    monkeypatch.setenv("HNSEG_API_METHOD", "")
    assert options.API_METHOD.from_environment(parser) == "exec"


def test_defaults_are_allowed_values_and_come_first():
    for option in options.RUN_OPTIONS:
        if option.values:
            assert option.values[0] == option.default


def test_the_table_has_a_row_for_each_variable():
    rows = options.environment_table().splitlines()[2:]
    variables = [option.variable for option in options.RUN_OPTIONS if option.variable]
    assert [row.split("`")[1] for row in rows] == variables
    assert "| `HNSEG_SKIP` | `none`, `air`, `far` | none |" in options.environment_table()
