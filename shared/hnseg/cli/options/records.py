"""Records of options: parameters of a verb that are dataclasses, of which typer gets an option a field.

    @with_records
    def command(image: Path, *, networks: NetworkOptions) -> None: ...

is called by typer as if it had the fields of `NetworkOptions` as parameters of its own, with the same help.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def with_records(command: Callable[..., None]) -> Callable[..., None]:
    """Return a verb's function with the fields of its records in their place, as keyword arguments.

    Args:
        command: Function that may have parameters annotated with dataclasses, whose fields have defaults and are
            annotated as typer wants parameters to be.
    """
    hints = get_type_hints(command, include_extras=True)
    records: dict[str, Any] = {name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)}

    @wraps(command)
    def flat(*words: Any, **given: Any) -> None:
        """Make the records of their fields, and call the verb."""
        made = {name: _made(record, given) for name, record in records.items()}
        command(*words, **given, **made)

    parameters = list(_parameters(command, hints, records))
    flat.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def _made(record: Any, given: dict[str, Any]) -> Any:
    """Return a record of those of its fields that are given, which are taken out."""
    return record(**{each.name: given.pop(each.name) for each in dataclasses.fields(record) if each.name in given})


def _parameters(command: Callable[..., None], hints: dict[str, Any], records: dict[str, Any]) -> Iterator[Parameter]:
    for parameter in signature(command).parameters.values():
        if parameter.name not in records:
            yield parameter.replace(annotation=hints[parameter.name])
            continue
        of_fields = get_type_hints(records[parameter.name], include_extras=True)
        for each in dataclasses.fields(records[parameter.name]):
            annotation = of_fields[each.name]
            yield Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=annotation)
