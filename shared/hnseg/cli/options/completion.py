"""Completion of words by the shell: which words are being completed, and the values of arguments and options.

Typer writes the shell's script (`hnseg --install-completion`), which calls the program with the words in variables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hnseg.discovery import challenge_names


def words_to_complete(program: str) -> Sequence[str] | None:
    """Words after a program's name that a shell wants to complete; None where it wants none.

    Args:
        program: Name of the program, such as `hnseg-train`.
    """
    if f"_{program.replace('-', '_').upper()}_COMPLETE" not in os.environ:
        return None
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]


def one_of(values: Callable[[], Sequence[str]]) -> Callable[[str], list[str]]:
    """Completion of a word that is one of several.

    Args:
        values: Returns them; called only when a word is completed.

    >>> one_of(lambda: ("demo", "resenc-m"))("re")
    ['resenc-m']
    """

    def matching(incomplete: str) -> list[str]:
        """Return the values that begin as the word does."""
        return [value for value in values() if value.startswith(incomplete)]

    return matching


def challenge_in(package: str) -> Callable[[str], list[str]]:
    """Completion of a challenge's name.

    Args:
        package: Dotted name of a package with one module a challenge, such as `hnseg.evaluation.challenges`.
    """
    return one_of(lambda: challenge_names(package))


def challenge_folder(incomplete: str) -> list[str]:
    """Return the folders of challenges below `containers` that begin as a word does; none leaves files to the shell.

    Args:
        incomplete: Beginning of a path, relative to the current folder.
    """
    folders = sorted(spec.parent.as_posix() for spec in Path().glob("containers/*/spec.py"))
    return [folder for folder in folders if folder.startswith(incomplete)]
