import logging

import pytest

from hnseg import __version__
from hnseg.errors import InputError
from hnseg_training.trial.step import Step, run_step

VERSION = Step("says the version", ("hnseg-train", "--version"))
REFUSED = Step("is refused", ("hnseg", "no such verb"))


def test_a_step_is_announced_as_it_is_typed_and_run(capfd, caplog):
    caplog.set_level(logging.INFO, logger="hnseg_training")
    assert run_step(VERSION, number=2, of=5) == 0
    assert "[2 of 5] says the version\n$ hnseg-train --version" in caplog.text
    assert capfd.readouterr().out == f"hnseg-train {__version__}\n"


def test_arguments_are_quoted_for_a_shell():
    assert REFUSED.text == "hnseg 'no such verb'"


def test_a_step_that_fails_ends_the_trial_with_its_command():
    with pytest.raises(InputError, match=r"step 1 ended with status 2: hnseg 'no such verb'\."):
        run_step(REFUSED, number=1, of=5)


def test_a_status_may_be_accepted():
    assert run_step(REFUSED, number=1, of=5, accepted=(0, 2)) == 2
