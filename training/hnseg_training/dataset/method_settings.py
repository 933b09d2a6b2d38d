"""Settings of a challenge's method, as a user gives them to `convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hnseg.errors import InputError

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
    try:
        return type(known["default"]).model_validate_json(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise InputError(
            f"The settings must be {', '.join(known)} or a JSON file of them, but {name}: {error}"
        ) from error
