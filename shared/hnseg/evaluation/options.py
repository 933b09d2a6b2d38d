"""Options of a challenge's score, for rules that the challenge leaves open.

A challenge's module declares them in its class `Options`, a frozen pydantic model: a field for each option, of a type
that a text can be checked against (`Literal` of texts, or `Path`), with its default and with a description for the
command's help. A field both_empty is the option both-empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from hnseg.errors import InputError
from hnseg.records import Frozen


class ScoreOptions(Frozen):
    """Base of all classes `Options`."""

    @property
    def chosen(self) -> dict[str, str]:
        """Values of all options by name, defaults included; an option without a value is left out."""
        values = {_option(field): getattr(self, field) for field in type(self).model_fields}
        return {name: str(value) for name, value in values.items() if value is not None}

    @property
    def given(self) -> set[str]:
        """Names of the options that were given."""
        return {_option(field) for field in self.model_fields_set}


def parse_options(challenge: str, module: ModuleType, given: Mapping[str, str]) -> ScoreOptions | None:
    """Return a challenge's options with the given values.

    Args:
        challenge: Name of the challenge, for an error sentence.
        module: Scoring module of the challenge.
        given: Values by option; options that are not given have their defaults.

    Returns:
        The options; None for a challenge without any.

    Raises:
        InputError: The challenge has no such option, or the option no such value.

    >>> from hnseg.evaluation.challenges import hecktor
    >>> parse_options("hecktor", hecktor, {"edition": "2022"}).chosen["edition"]
    '2022'
    """
    model = options_of(module)
    if model is None:
        if given:
            raise InputError(
                f"{challenge} is scored in one way and takes no options, but {_dashed(given)} was given."
                " Is it another challenge's, or misspelt?"
            )
        return None
    unknown = [name for name in given if _field(name) not in model.model_fields]
    if unknown:
        raise InputError(
            f"An option of {challenge}'s score must be one of {_dashed(map(_option, model.model_fields))}, found"
            f" {_dashed(unknown)}. Is it misspelt?"
        )
    try:
        return model.model_validate({_field(name): value for name, value in given.items()})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise InputError(
            f"--{_option(field)} must be one of {', '.join(choices_of(model.model_fields[field]))}, found"
            f" {given[_option(field)]!r}."
        ) from error


def options_of(module: ModuleType) -> type[ScoreOptions] | None:
    """Return the class of a challenge's options; None for a challenge without options."""
    model: type[ScoreOptions] | None = getattr(module, "Options", None)
    return model


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """Return the values that an option may have; empty where it takes a path."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def usage_of(module: ModuleType) -> list[str]:
    """Return the help text of a challenge's options, one line an option; empty for a challenge without options."""
    model = options_of(module)
    if model is None:
        return []
    return [
        f"--{_option(name)} {'|'.join(choices_of(field)) or 'FILE'}: {field.description}"
        + (f" (default {field.default})" if field.default is not None else "")
        for name, field in model.model_fields.items()
    ]


def _option(field: str) -> str:
    return field.replace("_", "-")


def _field(option: str) -> str:
    return option.replace("-", "_")


def _dashed(names: Iterable[str]) -> str:
    return ", ".join(f"--{name}" for name in names)
