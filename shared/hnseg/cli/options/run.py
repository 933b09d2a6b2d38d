"""Options of a run as typer takes them, made of `hnseg.options`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hnseg import options
from hnseg.errors import InputError


def typer_option(option: options.Option, **more: Any) -> Any:
    """Typer's form of an option; `more` overrides or adds to what typer.Option takes."""
    described: dict[str, Any] = {"help": option.help, "envvar": option.variable or None}
    return typer.Option(f"--{option.name}", **(described | more))


DeviceOption = Annotated[options.Device, typer_option(options.DEVICE)]
PrecisionOption = Annotated[options.Precision, typer_option(options.PRECISION)]
BackendOption = Annotated[options.BackendName, typer_option(options.BACKEND)]
CheckpointOption = Annotated[options.CheckpointName, typer_option(options.CHECKPOINT)]
SkipOption = Annotated[options.Skip, typer_option(options.SKIP)]
SkipAirOption = Annotated[
    Literal["none", "air"],
    typer_option(options.SKIP, envvar=None, help="Tiles left unseen: those of air; sooner, not quite nnU-Net's."),
]
LimitOption = Annotated[float | None, typer_option(options.LIMIT_S, envvar=None)]
ModelsOption = Annotated[
    list[Path],
    typer.Option(
        "--model",
        metavar="DIR",
        help="Model: an nnU-Net result folder or an exported bundle; given again, a further one, for the mean of their"
        " probabilities.",
    ),
]
GuardOption = Annotated[
    bool,
    typer.Option(help="Whether a click changes only what lies around it; else the whole image is predicted again."),
]
EditionOption = Annotated[str, typer_option(options.EDITION)]


@dataclass(frozen=True)
class NetworkOptions:
    """Options on what runs the networks."""

    device: DeviceOption = "auto"
    precision: PrecisionOption = "exact"
    backend: BackendOption = "auto"


def check_choice(option: str, given: str, known: Iterable[str]) -> None:
    """Refuse a value that is not among the known ones, for options whose values are found when the verb runs.

    Raises:
        InputError: The sentence lists the known values.
    """
    values = tuple(known)
    if given not in values:
        raise InputError(f"{option} must be one of {', '.join(values)}, found {given!r}. Is it misspelt?")


def check_text(option: str, given: str) -> None:
    """Refuse a value that is no text, for options whose values are written to files.

    Raises:
        InputError: The value is not UTF-8.
    """
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{option} must be UTF-8, found {os.fsencode(given)!r}. Is it the name of a file from another system?"
        ) from error
