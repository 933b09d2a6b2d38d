"""One sentence for each failure: every error of the package is in the one tree, and is told without a traceback."""

import importlib
import inspect
import pkgutil

import pytest

import hnseg
from hnseg import errors
from hnseg.errors import ConversionError, HnsegError, ModelError, StoppedWithOutputError
from hnseg.platform.failure import explain

TREE = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]


def test_every_error_is_drawn_in_the_tree():
    assert TREE
    drawn = [word for line in errors.__doc__.splitlines() for word in line.split()]
    assert [one.__name__ for one in TREE if drawn.count(one.__name__) != 1] == []


def test_no_module_has_errors_of_its_own():
    strays = []
    for module in pkgutil.walk_packages(hnseg.__path__, "hnseg."):
        if module.name.endswith("__main__"):
            continue
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, BaseException) and found.__module__.startswith("hnseg.") and found not in TREE:
                strays.append(f"{module.name}.{name}")
    assert strays == []


@pytest.mark.parametrize("kind", [one for one in TREE if issubclass(one, HnsegError)])
def test_a_sentence_is_all_that_the_user_sees(kind, capsys):
    explain(kind("The T2w must be one 3-D image,\n but it is 2-D."))
    assert capsys.readouterr().err == "The T2w must be one 3-D image, but it is 2-D.\n"


def test_a_network_that_one_backend_cannot_run_is_a_failure_of_the_model():
    assert issubclass(ConversionError, ModelError)


def test_a_stopped_case_is_not_caught_as_a_failure():
    assert not issubclass(StoppedWithOutputError, Exception)
