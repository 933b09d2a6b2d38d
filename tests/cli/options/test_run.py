"""Options of a run on the command line: those of `hnseg.options`, with the same values and defaults."""

import inspect
from typing import get_args

import pytest

from hnseg import options
from hnseg.cli import predict, run
from hnseg.cli.options.run import check_choice, check_text
from hnseg.errors import InputError

RUN_OPTIONS = (options.DEVICE, options.PRECISION, options.BACKEND, options.SKIP)


@pytest.mark.parametrize("option", RUN_OPTIONS, ids=lambda option: option.name)
def test_a_run_takes_the_values_of_the_option_and_its_default(option):
    parameter = inspect.signature(run.command, eval_str=True).parameters[option.name]
    assert get_args(parameter.annotation.__origin__) == option.values
    assert parameter.default == option.default
    (typer_option,) = parameter.annotation.__metadata__
    assert (typer_option.help, typer_option.envvar) == (option.help, option.variable or None)


def test_without_a_challenge_no_tile_is_far_from_a_prior_and_no_variable_asks_for_it():
    annotation = inspect.signature(predict.command, eval_str=True).parameters["skip"].annotation
    assert set(options.SKIP.values) - set(get_args(annotation.__origin__)) == {"far"}
    assert annotation.__metadata__[0].envvar is None


def test_a_choice_that_does_not_exist_is_refused_with_those_that_do():
    check_choice("--grid", "small", {"small": 1, "full": 2})
    with pytest.raises(InputError, match=r"--grid must be one of small, full, found 'smal'\. Is it misspelt\?"):
        check_choice("--grid", "smal", {"small": 1, "full": 2})


def test_a_value_that_is_no_text_is_refused():
    check_text("--team", "Équipe")
    with pytest.raises(InputError, match=r"--team must be UTF-8, found b'a.xff'\. Is it the name of a file"):
        check_text("--team", "a\udcff")
