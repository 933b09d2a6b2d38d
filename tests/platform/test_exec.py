import pytest

from hnseg.errors import InputError
from hnseg.platform.exec import run_once


def fail_with(error):
    def work():
        raise error

    return work


def test_done_is_status_0_and_silent(capsys):
    assert run_once(lambda: None) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [InputError("The scan must be there."), KeyError("scan"), MemoryError()], ids=repr)
def test_any_failure_is_status_1_and_explained(error, capsys):
    assert run_once(fail_with(error)) == 1
    assert capsys.readouterr().err != ""


def test_a_signal_keeps_its_status_and_is_explained(capsys):
    assert run_once(fail_with(SystemExit(143))) == 143
    assert capsys.readouterr().err.startswith("The case was stopped by a signal before it was finished")


def test_a_stop_without_a_number_is_a_failure():
    assert run_once(fail_with(SystemExit("stopped"))) == 1
