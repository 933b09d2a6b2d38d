import pytest

from hnseg.errors import InputError, StoppedWithOutputError
from hnseg.platform.failure import explain, sentence_of


def test_a_failure_of_the_user_is_one_line_without_traceback(capsys):
    explain(InputError("The scan must be there,\n but is not."))
    assert capsys.readouterr().err == "The scan must be there, but is not.\n"


def test_a_defect_shows_its_traceback_and_then_one_line(capsys):
    with pytest.raises(KeyError) as caught:
        raise KeyError("scan")
    explain(caught.value)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "This should not have happened, please report it with the lines above: KeyError: 'scan'"


def test_a_file_of_another_user_is_named(capsys):
    explain(PermissionError(13, "Permission denied", "/opt/ml/model/fold_0.safetensors"))
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
def test_memory_that_ran_out_is_named_whichever_library_reports_it(error):
    said = f" ({error})" if str(error) else ""
    assert sentence_of(error).startswith(f"The case must fit into memory, but there was not enough{said}; this machine")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SystemExit(143), "stopped by a signal before it was finished, so there is no output."),
        (StoppedWithOutputError(143), "stopped by a signal before it was finished; the output is complete"),
    ],
)
def test_a_signal_is_explained_by_the_output_there_is(error, said):
    assert sentence_of(error).startswith(f"The case was {said}")
