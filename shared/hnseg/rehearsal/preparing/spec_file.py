"""Description of a challenge read from its `spec.py` alone: all that a container of other origin is judged by."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.platform.challenge import choose_edition
from hnseg.platform.spec import ChallengeSpec
from hnseg.printable import printable
from hnseg.records import first_problem

SPEC_FILE = "spec.py"
"""Name of the file in a challenge's folder."""


def load_spec(folder: Path, edition: str | None = None) -> ChallengeSpec:
    """Return the description in a folder that needs to hold nothing but `spec.py`.

    The file is Python and is run; its folder need be no package, and may have any name.

    Args:
        folder: Folder with `spec.py`, which has `SPEC` and perhaps `EDITIONS`.
        edition: Name of one of `EDITIONS`; None or "" takes `SPEC`.

    Raises:
        InputError: There is no such file or edition, or the file can't be run or has no description.
    """
    file = folder.resolve() / SPEC_FILE
    if not file.is_file():
        raise InputError(
            f"A challenge's folder must hold {SPEC_FILE}, but {folder} does not. Was the path to one of the folders"
            " under containers/ given? For another challenge, hnseg rehearse --new-spec writes one."
        )
    module = _run(file)
    spec, editions = getattr(module, "SPEC", None), getattr(module, "EDITIONS", {})
    if not isinstance(spec, ChallengeSpec) or not isinstance(editions, Mapping):
        raise InputError(
            f"{file} must define SPEC, a ChallengeSpec, and may define EDITIONS, a dictionary of them, but does not."
            " Is it the spec.py of another program?"
        )
    return choose_edition(spec, editions, edition)


def _run(file: Path) -> ModuleType:
    """Run a file as a module of its own, which no other module can import by its name."""
    described = importlib.util.spec_from_file_location(f"hnseg_spec_of_{file.parent.name}", file)
    if described is None or described.loader is None:  # never for a name that ends in .py
        raise InputError(f"{file} must be a Python file, but can't be loaded as one.")
    module = importlib.util.module_from_spec(described)
    with _in_a_sentence(file), _without_bytecode():
        described.loader.exec_module(module)
    return module


@contextmanager
def _in_a_sentence(file: Path) -> Iterator[None]:
    """Turn whatever stops the file into an `InputError` that names the reason.

    Raises:
        InputError: The file can't be run.
    """
    try:
        yield
    except ValidationError as error:
        raise InputError(
            f"{file} must describe a challenge, but {first_problem(error)}. Was a value left out, or one too many"
            " given?"
        ) from error
    except Exception as error:  # whatever the file raises, its author is to read
        reason = printable(str(error), longest=300)
        raise InputError(
            f"{file} must be Python that describes a challenge, but running it failed ({type(error).__name__}:"
            f" {reason}). Was it changed by hand?"
        ) from error


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Leave no `__pycache__` in a folder that is only read."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
