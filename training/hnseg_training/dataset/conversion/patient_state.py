"""State of a patient whose conversion has ended: what it was made from, what was made, and the facts about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hnseg.records import Frozen

Stamp = tuple[int, int]
"""Size in bytes and time of the last change in ns, by which a file is taken for unchanged."""


class PatientState(Frozen):
    """Content of a patient's state file, written when all of the patient's files are there."""

    patient: str
    recipe_sha256: str
    """Checksum of what the files depend on beside the inputs, such as the settings."""
    inputs: dict[str, Stamp]
    """Stamps of the input files, by path."""
    outputs: dict[str, int]
    """Sizes in bytes of the files that were made, by path in the raw data set."""
    facts: dict[str, Any]
    """Facts that the conversion returned."""


def read_state(file: Path) -> PatientState | None:
    """Return the state in a file; None where there is none that this version can read."""
    try:
        return PatientState.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None


def stamps_of(files: Iterable[Path]) -> dict[str, Stamp]:
    """Return the stamps of files by path; a link has that of its target, a missing file (-1, -1)."""
    return {str(path): _stamp(path) for path in files}


def sizes_in(folder: Path, files: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those files of a folder that are there, by their relative paths."""
    return {name: path.stat().st_size for name in files if (path := folder / name).is_file()}


def changes(state: PatientState, raw: Path, *, recipe_sha256: str, inputs: Mapping[str, Stamp]) -> Iterator[str]:
    """Yield what has changed since a patient was converted, in words; nothing where the patient need not be again.

    Args:
        state: State from then.
        raw: Folder of the raw data set.
        recipe_sha256: Checksum of what the files depend on now.
        inputs: Stamps of the input files now.
    """
    if state.recipe_sha256 != recipe_sha256:
        yield "the settings or the version"
    if state.inputs != dict(inputs):
        yield "the input files"
    if sizes_in(raw, state.outputs) != state.outputs:
        yield "the converted files"


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:  # its reader refuses it with a sentence
        return (-1, -1)
    return status.st_size, status.st_mtime_ns
