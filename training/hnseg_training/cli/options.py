"""Options that several verbs share: the challenge, its work folder, a planned preset, folds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hnseg.cli.options.completion import challenge_in, one_of
from hnseg.errors import InputError
from hnseg.robustness.perturbations.kind import KINDS, Kind

if TYPE_CHECKING:
    from hnseg.inference.model.manifest import Fold


def _presets() -> Sequence[str]:
    """Return the names of the presets, whose module is imported only to complete one."""
    from hnseg_training.fitting.preset import PRESETS

    return tuple(PRESETS)


CHALLENGES = "hnseg_training.challenges"
"""Dotted name of the package with a subpackage a challenge."""
Challenge = Annotated[
    str,
    typer.Argument(
        help="The name of its folder under containers/, such as hnts_mrg.", autocompletion=challenge_in(CHALLENGES)
    ),
]
Work = Annotated[Path, typer.Option(help="Work folder: the one that convert made.")]
Planned = Annotated[
    str | None,
    typer.Option("--preset", help="Preset: which one, where several are planned.", autocompletion=one_of(_presets)),
]
Stages = Annotated[
    Literal["all", "pretrain", "automatic", "interactive"],
    typer.Option("--stage", help="Stage: of a preset that is trained in several; each goes on from the one before."),
]
Folds = Annotated[
    str | None,
    typer.Option(
        help='Folds: numbers from 0 with commas between them, or "all" for one network trained on every case.'
    ),
]


def folds_named(text: str | None, *, of: int) -> list[Fold]:
    """Return the folds that an option such as 0,2 or all names.

    Args:
        text: Text of the option; None names every fold.
        of: Number of folds of the data set.

    Raises:
        InputError: One of them doesn't exist.

    >>> folds_named("0,2", of=5)
    [0, 2]
    """
    if text is None:
        return list(range(of))
    names = [name.strip() for name in text.split(",")]
    if names == ["all"]:
        return ["all"]
    if not all(name.isdecimal() and int(name) < of for name in names):
        raise InputError(f"Folds must be numbers from 0 to {of - 1} with commas between them, or all; found {text!r}.")
    return [int(name) for name in names]


def kinds_named(text: str) -> tuple[Kind, ...]:
    """Return the kinds of perturbations that an option such as spike,bias,noise names, in their published order.

    Args:
        text: Text of the option; a kind that is named twice counts once.

    Raises:
        InputError: One of them doesn't exist.

    >>> kinds_named("spike, noise")
    ('spike', 'noise')
    """
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(KINDS):
        raise InputError(f"Perturbations must be some of {', '.join(KINDS)}, with commas between them; found {text!r}.")
    return tuple(kind for kind in KINDS if kind in names)
