"""Input list `/input/inputs.json`, in which the platform gives the folder or file of each socket.

It is a list with one object a socket. Live jobs have had it since March 2025, describing the socket under `interface`
and, since December 2025, also under `socket`; local test packs have `socket` alone, with fewer keys; older jobs have no
such file (DIAGNijmegen/rse-grand-challenge, `components/serializers.py` and `forge/models.py`, 2025-12). The next
dialect will differ too, so it is read entry by entry: what is not understood is left out with a note, and the
challenge's own path is taken. Original file names also stand in it, and may name patients, so nothing of its contents
is quoted but slugs and paths of the challenge's own sockets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec, InputSocket, ValueSocket

FILE_NAME = "inputs.json"
_KEYS = ("socket", "interface")
"""Keys of a socket's description, the present one first."""
_OTHER_KINDS = ("file", "value")
_MOST_NUMBERED = 5
_LONGEST_SHOWN = 200


@dataclass(frozen=True)
class InputPaths:
    """Paths of a case's inputs.

    Attributes:
        folders: Folder of each image socket, by slug; it need not exist.
        files: File of each value socket, by slug; it need not exist.
        notes: Remarks on what of `inputs.json` was not understood: a sentence each.
    """

    folders: dict[str, Path] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def input_paths(spec: ChallengeSpec, input_dir: Path) -> InputPaths:
    """Return the path of each input socket: what `inputs.json` gives for its slug, or else the spec's.

    It is the spec's, with a note, where there is nothing at the path given. Sockets that the spec doesn't know are
    ignored.

    Raises:
        InputError: A path of one of the spec's sockets leads out of the input, or an image's socket is described as
            something else than an image.
    """
    announced = _Announced(input_dir / FILE_NAME)
    for socket in spec.inputs:
        announced.check_image(socket)
    return InputPaths(
        folders={socket.slug: announced.path_of(socket) for socket in spec.inputs},
        files={socket.slug: announced.path_of(socket) for socket in spec.values},
        notes=tuple(announced.notes),
    )


@dataclass(frozen=True)
class _Description:
    """Description of a socket, by the platform (`super_kind`) or by a local test pack (`is_image_kind`)."""

    slug: str
    relative_path: str
    is_image: bool


class _Announced:
    """Descriptions in the file by slug, the first of each, and notes on what was not understood."""

    def __init__(self, file: Path) -> None:
        self.notes: list[str] = []
        self._file = file
        self._by_slug: dict[str, list[_Description]] = {}
        for description in self._descriptions(_entries(file, self.notes)):
            self._by_slug.setdefault(description.slug, []).append(description)

    def check_image(self, socket: InputSocket) -> None:
        """Refuse a description of an image's socket as something else."""
        found = self._by_slug.get(socket.slug)
        if found and not found[0].is_image:
            raise InputError(
                f"The socket {socket.slug} must be an image, but {self._file} describes it as another kind."
                " Do the phase's sockets have other slugs than the challenge's spec.py?"
            )

    def path_of(self, socket: InputSocket | ValueSocket) -> Path:
        """Return the path of one of the challenge's sockets, and note why it is not the one given."""
        own = self._file.parent / socket.relative_path
        found = self._by_slug.get(socket.slug)
        if not found:
            return own
        if len(set(found)) > 1:
            self.notes.append(
                f"{self._file} describes the socket {socket.slug} in several ways; the first of them was taken."
            )
        given = found[0].relative_path
        path = self._inside(socket.slug, given)
        if path == own or (path != self._file.parent and os.path.exists(path)):  # noqa: PTH110 (false for any text)
            return path
        self.notes.append(
            f"{self._file} gives the socket {socket.slug} the path {given[:_LONGEST_SHOWN]!r}, where there"
            f" is no input, so {own} was taken."
        )
        return own

    def _inside(self, slug: str, given: str) -> Path:
        """Return the place of a path in the input folder, by its words alone; links are heeded where it is read."""
        folder = self._file.parent
        relative = os.path.normpath(os.path.relpath(given, folder) if os.path.isabs(given) else given)  # noqa: PTH117
        if relative.split("/")[0] == "..":
            raise InputError(
                f"{self._file} must give paths below the input folder, but the socket {slug} is at"
                f" {given[:_LONGEST_SHOWN]!r}. Was it written by hand?"
            )
        return folder / relative

    def _descriptions(self, entries: list[Any]) -> Iterator[_Description]:
        """Yield the descriptions in the order of the entries, and note the entries that hold none."""
        unknown = []
        for number, entry in enumerate(entries, start=1):
            found = list(_descriptions_in(entry))
            yield from found
            if not found:
                unknown.append(str(number))
        if unknown:
            which = ", ".join(unknown[:_MOST_NUMBERED] + ["..."] * (len(unknown) > _MOST_NUMBERED))
            self.notes.append(
                f"{self._file} must describe a socket by slug and relative_path in each of its entries, but"
                f" {len(unknown)} of {len(entries)} do not ({which}) and were ignored."
            )


def _entries(file: Path, notes: list[str]) -> list[Any]:
    """Return the entries of the file; none, and a note, where it is no JSON list. It may be absent."""
    try:
        written = read_bounded(file)
        entries = json.loads(written.decode(json.detect_encoding(written)))
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = f"can't be read ({error.strerror})"
    except json.JSONDecodeError as error:
        reason = f"is not JSON (line {error.lineno}, column {error.colno})"
    except (ValueError, RecursionError):
        reason = "is not JSON that can be read"
    else:
        if isinstance(entries, list):
            return entries
        reason = "is no list"
    notes.append(f"{file} {reason}, so it was ignored and the inputs were looked for at the challenge's own paths.")
    return []


def _descriptions_in(entry: Any) -> Iterator[_Description]:
    """Yield the descriptions of an entry that are understood, the one under the present key first."""
    for key in _KEYS:
        match entry.get(key) if isinstance(entry, dict) else None:
            case {"slug": str(slug), "relative_path": str(path), **others}:
                yield _Description(slug, path, _is_image(others))


def _is_image(others: Mapping[object, Any]) -> bool:
    """Return False where the other keys say another kind; what they have in place of words says nothing."""
    kind = others.get("super_kind")
    is_other = isinstance(kind, str) and kind.lower() in _OTHER_KINDS
    return not is_other and others.get("is_image_kind") is not False
