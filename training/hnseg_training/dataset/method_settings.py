"""Settings of a challenge's method, as a user gives them to `convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.records import first_problem

S = TypeVar("S", bound=BaseModel)


def read_settings(name: str, known: dict[str, S]) -> S:
    """Return settings by name, or those of a JSON file.

    Args:
        name: Name of known settings, or path of the file.
        known: Settings by name, among them `default`.

    Raises:
        InputError: The file is missing or holds something else.
    """
    if name in known:
        return known[name]
    settings = type(known["default"])
    try:
        return settings.model_validate_json(read_bounded(Path(name)))
    except (OSError, ValueError) as error:  # a ValueError also for a path that no file can have
        raise InputError(
            f"The settings must be {', '.join(known)} or a JSON file of them, but {name!r} is none:"
            f" {_reason_of(error, settings)}. Is the name misspelt, or a setting?"
        ) from error


def _reason_of(error: OSError | ValueError, settings: type[BaseModel]) -> str:
    """Return the first fault of a file of settings, in words."""
    if isinstance(error, ValidationError):
        return first_problem(error, settings)
    return str((isinstance(error, OSError) and error.strerror) or error)
