"""Input sockets of a challenge, as its platform's `inputs.json` describes them.

The dialects are those of `hnseg.platform.inputs_json`, the reader of a case. Original names of files and the values
themselves, which may tell of a patient, are never taken over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.printable import printable

_KEYS = ("socket", "interface")
_LONGEST_TITLE = 60


class InputKind(Enum):
    """Kind of an input, by the file that the platform mounts."""

    IMAGE = "image"
    JSON = "JSON"
    FILE = "file"
    """File of another format, which no spec describes and which is passed on as it is."""


@dataclass(frozen=True)
class DescribedInput:
    """Input socket as the platform describes it.

    Attributes:
        slug: Slug of the socket.
        relative_path: Folder or file below /input.
        title: Title, in its printable form.
        kind: Kind of what is mounted there.
        labels: Names of a label map's values; empty for anything else, and where the platform names none.
    """

    slug: str
    relative_path: str
    title: str
    kind: InputKind
    labels: Mapping[int, str]


def describe_inputs(file: Path) -> tuple[DescribedInput, ...]:
    """Return the input sockets that an `inputs.json` describes, each once, in its order.

    Raises:
        InputError: It can't be read, is no list of sockets with slug and path, or a path leads out of /input.
    """
    inputs = {found.slug: found for entry in _entries(file) for found in _described(file, entry)}
    if not any(found.kind is InputKind.IMAGE for found in inputs.values()):
        raise InputError(
            f"{file} must describe an image, by slug and relative_path under the key socket or interface, but describes"
            " none. Is it the inputs.json of a job, such as one in a phase's test pack?"
        )
    return tuple(inputs.values())


def _entries(file: Path) -> list[Any]:
    try:
        entries = json.loads(read_bounded(file).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"The list of inputs must be a file, but {file} can't be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} must be the platform's inputs.json, but is not JSON. Is it whole?") from error
    if not isinstance(entries, list):
        raise InputError(f"{file} must be a JSON list with an object a socket, but is none. Is it another file's name?")
    return entries


def _described(file: Path, entry: Any) -> Iterator[DescribedInput]:
    """Yield the socket of an entry; none where the entry describes none."""
    for key in _KEYS:
        match entry.get(key) if isinstance(entry, dict) else None:
            case {"slug": str(slug), "relative_path": str(path), **others}:
                _check_below(file, path)
                title = str(others.get("title") or slug.replace("-", " "))
                yield DescribedInput(
                    slug=printable(slug),
                    relative_path=path,
                    title=printable(title, longest=_LONGEST_TITLE),
                    kind=_kind(path, others),
                    labels=_labels(others.get("overlay_segments")),
                )
                return


def _check_below(file: Path, path: str) -> None:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts or printable(path) != path:
        raise InputError(
            f"{file} must give paths below /input, but gives {printable(path, longest=200)!r}. Was it written by hand?"
        )


def _kind(path: str, others: Mapping[object, Any]) -> InputKind:
    """Return the kind, by the platform's words or those of a local test pack, else by the path."""
    super_kind = str(others.get("super_kind", "")).lower()
    if super_kind == "image" or others.get("is_image_kind") is True:
        return InputKind.IMAGE
    is_told = bool(super_kind) or "is_image_kind" in others
    if path.endswith(".json"):
        return InputKind.JSON
    return InputKind.FILE if is_told or PurePosixPath(path).suffix else InputKind.IMAGE


def _labels(segments: Any) -> dict[int, str]:
    """Return the names of the values of an image's segments, as far as they are understood."""
    labels = {}
    for segment in segments if isinstance(segments, list) else ():
        match segment:
            case {"voxel_value": int(value), "name": str(name)} if value > 0:
                labels[value] = printable(name, longest=_LONGEST_TITLE)
    return labels
