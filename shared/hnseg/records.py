"""Records of the JSON files that are written and read: values that don't change and know their keys."""

from __future__ import annotations

import json
import math
import re
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from hnseg.printable import printable

_LONGEST_PLACE = 200  # characters; a key may have thousands
_LONGEST_MESSAGE = 1000  # and a value that it quotes too
_LONGEST_VALUE = 60
_PLAIN = (str, int, float)
_WORDS = (
    ("^Input should ", "must "),
    ("^(List|Tuple|Dictionary|String|Value|Set) should ", "must "),
    ("be an object|be a valid dictionary( or instance of .*)?", "be a JSON object"),
    ("a valid (integer)", r"an \1"),
    (r"a valid (\w)", r"a \1"),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
    (" after validation, not", ", not"),
)
"""Patterns in pydantic's messages, and the words of a sentence in their place."""


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


def first_problem(error: ValidationError, of: type[BaseModel] | None = None) -> str:
    """Return the first problem of values that are not as a record has them: the key, what must hold, what was found.

    Args:
        error: Error of the values.
        of: Record that they should be, of whose keys the nearest is suggested for one that it does not know.

    >>> class Size(Frozen):
    ...     width: int
    >>> for values in ({"width": "wide"}, {"widht": 3, "width": 3}, {}):
    ...     try:
    ...         Size.model_validate(values)
    ...     except ValidationError as error:
    ...         print(first_problem(error, Size))
    width must be an integer, found 'wide'
    widht is no key that is known here; is width meant?
    width is missing
    """
    first = error.errors(include_url=False, include_context=False)[0]
    steps = [str(step) for step in first["loc"] if step != "[key]"]
    place = printable(" > ".join(steps), longest=_LONGEST_PLACE) or "it"
    if first["type"] == "missing":
        return f"{place} is missing"
    if first["type"] == "extra_forbidden":
        return f"{place} is no key that is known here{_nearest(first['loc'], of)}"
    if first["type"] == "json_invalid":
        return (
            f"{place} is no JSON ({printable(first['msg'].removeprefix('Invalid JSON: '), longest=_LONGEST_MESSAGE)})"
        )
    words = _must(first["msg"])
    found = _found(first["input"], first["msg"])
    return f"{place} {words}{found}" if words.startswith("must ") else f"{place}: {words}"


def _must(message: str) -> str:
    """Return what must hold, of a message of pydantic's."""
    message = message.removeprefix("Value error, ").partition(", unable to")[0].partition(", got ")[0]
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    return printable(message, longest=_LONGEST_MESSAGE)


def _found(value: object, message: str) -> str:
    """Return what was found in words, where it is one value and the message does not say it."""
    if "found" in message or not (value is None or isinstance(value, _PLAIN)):
        return ""
    words = repr(value) if isinstance(value, str) else json.dumps(value)
    return f", found {printable(words, longest=_LONGEST_VALUE)}"


def _nearest(place: tuple[int | str, ...], of: type[BaseModel] | None) -> str:
    """Return a question whether a known key was meant, where one is near; else empty."""
    for step in place[:-1]:
        field = of.model_fields.get(str(step)) if of else None
        of = _record_in(field.annotation) if field else None
    near = get_close_matches(str(place[-1]), list(of.model_fields), n=1) if of else []
    return f"; is {near[0]} meant?" if near else ""


def _record_in(annotation: Any) -> type[BaseModel] | None:
    """Return the record in a type, such as that of an optional one; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_record_in, get_args(annotation))), None)
