"""Records of the JSON files that are written and read: values that don't change and know their keys."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from hnseg.printable import printable

_LONGEST_PLACE = 200  # characters; a key may have thousands
_LONGEST_MESSAGE = 1000  # and a value that it quotes too


class Frozen(BaseModel):
    """A record with fixed keys: its values don't change, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _none_if_nan(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _printable_if_text(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_printable_if_text)]
"""A text of any origin, kept in its printable form, which every file and terminal can hold."""

MaybeNumber = Annotated[int | float | None, BeforeValidator(_none_if_nan)]
"""A number, or None where it is undefined: NaN becomes None, which JSON can hold. Infinity becomes null in JSON."""


def first_problem(error: ValidationError) -> str:
    """Return the first problem of values that are not as a record has them: its place, and what is wrong there.

    >>> class Size(Frozen):
    ...     x: int
    >>> try:
    ...     Size.model_validate({"x": "wide"})
    ... except ValidationError as error:
    ...     print(first_problem(error))
    x: Input should be a valid integer, unable to parse string as an integer
    """
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = printable(" > ".join(map(str, first["loc"])), longest=_LONGEST_PLACE)
    message = printable(str(first["msg"]), longest=_LONGEST_MESSAGE)
    return f"{place}: {message}" if place else message
