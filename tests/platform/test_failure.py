import pytest

from hnseg.errors import InputError
from hnseg.platform.exec import run_once
from hnseg.platform.failure import sentence_of


def fail_with(error):
    def work():
        raise error

    return work


def test_done_is_status_0_and_silent(capsys):
    assert run_once(lambda: None) == 0
    assert capsys.readouterr().err == ""


def test_a_failure_of_the_user_is_one_line_without_traceback(capsys):
    assert run_once(fail_with(InputError("The scan must be there,\n but is not."))) == 1
    assert capsys.readouterr().err == "The scan must be there, but is not.\n"


def test_a_defect_shows_its_traceback_and_then_one_line(capsys):
    assert run_once(fail_with(KeyError("scan"))) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "This should not have happened, please report it with the lines above: KeyError: 'scan'"


def test_a_file_of_another_user_is_named(capsys):
    assert run_once(fail_with(PermissionError(13, "Permission denied", "/opt/ml/model/fold_0.safetensors"))) == 1
    sentence = capsys.readouterr().err
    assert sentence.startswith("/opt/ml/model/fold_0.safetensors must be accessible to the user who runs this (uid ")
    assert sentence.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_memory_that_ran_out_is_told_as_such_whoever_noticed(error):
    said = f" ({error})" if str(error) else ""
    assert sentence_of(error).startswith(f"The case must fit into memory, but there was not enough{said}; this machine")


def test_a_signal_keeps_its_status_and_is_explained(capsys):
    assert run_once(fail_with(SystemExit(143))) == 143
    assert capsys.readouterr().err.startswith("The case was stopped by a signal before it was finished")
